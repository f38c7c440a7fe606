"""A sync setup() that blocks until the file GO exists; each step of its life is printed."""

import os
import pathlib
import time

import fal
from pydantic import BaseModel


class Name(BaseModel):
    name: str


class Waits(fal.App):
    def setup(self):
        while not pathlib.Path(os.environ["GO"]).exists():
            time.sleep(0.01)

    def handle_exit(self):
        print("handle_exit", flush=True)

    def teardown(self):
        print("teardown", flush=True)

    @fal.endpoint("/")
    def greet(self, name: Name) -> dict[str, str]:
        return {"greeting": f"Hello, {name.name}"}

    @fal.endpoint("/slow")
    def slow(self) -> dict[str, str]:
        time.sleep(0.8)
        return {"slow": "done"}

    @fal.endpoint("/app")
    def app(self) -> dict[str, bool]:
        return {"current": fal.ref.get_current_app() is self, "plain": "setup" not in vars(self)}
