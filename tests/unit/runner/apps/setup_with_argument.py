"""A setup() that wants what nobody gives it."""

import fal


class Greedy(fal.App):
    def setup(self, path):
        self.path = path

    @fal.endpoint("/")
    def answer(self) -> str:
        return "fine"
