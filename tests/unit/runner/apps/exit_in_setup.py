"""A setup() that ends the process."""

import sys

import fal


class Exits(fal.App):
    async def setup(self):
        sys.exit(3)

    @fal.endpoint("/")
    def answer(self) -> str:
        return "never"
