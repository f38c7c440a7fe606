"""A package that may be missing is left to be missing: only what stops the file is stood in for."""

import fal

try:
    import no_such_accelerator

    EXTRA = ["accelerated==1.0"]
except ImportError:
    no_such_accelerator = None
    EXTRA = ["plain==1.0"]

import another_missing_package


class Guarded(fal.App):
    requirements = EXTRA
    python_version = "3.12"

    def setup(self):
        another_missing_package.load()
