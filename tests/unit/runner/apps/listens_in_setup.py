"""A setup() that starts a server of its own on the app's port."""

import os
import socket

import fal


class Listens(fal.App):
    def setup(self):
        port = int(os.environ.get("APP_PORT", "8080"))
        self.server = socket.create_server(("127.0.0.1", port))

    @fal.endpoint("/")
    def answer(self) -> str:
        return "never"
