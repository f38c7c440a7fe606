"""What a function of the file chooses at deploy time is what is written."""

import fal
from wheelhouse import wheel_for


def torch_version() -> str:
    return "2.6"


class Wheels(fal.App):
    machine_type = "GPU-H100"
    requirements = [f"torch=={torch_version()}.0", wheel_for(torch_version())]
