"""A setup() that listens where another server does already."""

import socket

import fal


class Takes(fal.App):
    def setup(self):
        taken = socket.create_server(("127.0.0.1", 0))
        socket.create_server(taken.getsockname())

    @fal.endpoint("/")
    def answer(self) -> str:
        return "fine"
