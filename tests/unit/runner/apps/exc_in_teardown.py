"""Serves, and raises in handle_exit() and teardown(); setup() takes SIGTERM for itself."""

import signal

import fal


class Untidy(fal.App):
    def setup(self):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def handle_exit(self):
        raise ValueError("handle_exit went wrong")

    def teardown(self):
        raise ValueError("teardown went wrong")

    @fal.endpoint("/")
    def answer(self) -> str:
        return "fine"
