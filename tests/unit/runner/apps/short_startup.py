"""Says how long its start may take, and waits in setup() until the file GO exists."""

import os
import pathlib
import time

import fal


class Short(fal.App, startup_timeout=1):
    def setup(self):
        while not pathlib.Path(os.environ["GO"]).exists():
            time.sleep(0.01)

    @fal.endpoint("/")
    def answer(self) -> str:
        return "fine"
