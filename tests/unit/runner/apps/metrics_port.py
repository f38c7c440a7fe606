"""Wants its metrics on ports of its own: a free one, one that only root has, and the app's."""

import os
import socket

import fal

with socket.socket() as held:
    held.bind(("127.0.0.1", 0))
    FREE = held.getsockname()[1]


class Own(fal.App):
    metrics_port = FREE

    @fal.endpoint("/")
    def answer(self) -> int:
        return FREE


class Low(Own):
    metrics_port = 80


class Taken(Own):
    metrics_port = int(os.environ.get("APP_PORT", "8080"))
