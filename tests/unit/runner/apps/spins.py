"""A sync setup(), and a sync endpoint, that compute in Python and never wait, for SPIN seconds."""

import os
import time

import fal


def spin() -> int:
    rounds, end = 0, time.monotonic() + float(os.environ.get("SPIN", "2"))
    while time.monotonic() < end:
        rounds += 1
    return rounds


class Spins(fal.App):
    def setup(self):
        spin()

    @fal.endpoint("/")
    def work(self) -> int:
        return spin()
