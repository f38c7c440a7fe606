"""Says how long its end may take; teardown() takes longer."""

import time

import fal


class Short(fal.App):
    termination_grace_period_seconds = 1

    def teardown(self):
        time.sleep(60)

    @fal.endpoint("/")
    def answer(self) -> str:
        return "fine"
