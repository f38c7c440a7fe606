"""A teardown() that takes longer than any grace period."""

import time

import fal


class Stuck(fal.App):
    def teardown(self):
        time.sleep(60)

    @fal.endpoint("/")
    def answer(self) -> str:
        return "fine"
