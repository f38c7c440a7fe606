import fal


class Shared(fal.App, name="shared"):
    machine_type = "GPU-A100"
    requirements = ["numpy==2.4.6"]


class Special(Shared, name="special"):
    startup_timeout = 5400
