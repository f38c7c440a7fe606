"""A setup() inside one long call of C code: no Python signal handler runs while it lasts."""

import hashlib

import fal


class Computes(fal.App):
    def setup(self):
        hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 200_000_000)

    @fal.endpoint("/")
    def answer(self) -> str:
        return "never"
