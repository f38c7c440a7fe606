"""A setup() that raises, two of its own frames deep."""

import fal


class Weights(fal.App):
    def setup(self):
        self.load("/data/weights")

    def load(self, path):
        raise FileNotFoundError(f"no weights in {path}")

    @fal.endpoint("/")
    def answer(self) -> str:
        return "never"
