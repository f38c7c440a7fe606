"""Has two fal.Apps."""

import fal


class First(fal.App):
    @fal.endpoint("/")
    def answer(self) -> str:
        return "first"


class Second(fal.App):
    @fal.endpoint("/")
    def answer(self) -> str:
        return "second"
