"""An app whose manifest is made by CI: what a function here chooses is written into Git."""

import fal
import humanize

RELEASE = "4.17"


def pinned(package: str) -> str:
    """Chosen when `falapp render` reads this file, and never again."""
    return f"{package}=={RELEASE}.0"


class Gitops(fal.App):
    machine_type = "XS"
    requirements = [pinned("humanize")]
    startup_timeout = 120

    @fal.endpoint("/")
    def tell(self) -> dict:
        return {"text": humanize.intcomma(12345)}
