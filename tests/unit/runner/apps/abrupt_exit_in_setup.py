"""A setup() that ends the process without a word, as a crash in C code does."""

import os

import fal


class Abrupt(fal.App):
    def setup(self):
        os._exit(3)

    @fal.endpoint("/")
    def answer(self) -> str:
        return "fine"
