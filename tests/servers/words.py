"""An app that tells what its packages say, and whether their files are those that were built."""

from typing import Any

from tests.servers.packages import module

CODE = """\
import base64
import hashlib
import importlib
import importlib.metadata

import fal

NAMES = {names!r}


def changed(name):
    files = importlib.metadata.files(name) or ()
    recorded = [file for file in files if file.hash]
    return [str(file) for file in recorded if digest(file) != file.hash.value]


def digest(file):
    raw = hashlib.new(file.hash.mode, file.read_binary()).digest()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class App(fal.App):
    @fal.endpoint("/")
    def tell(self) -> dict:
        return {{name: importlib.import_module(name).WORD for name in NAMES}}

    @fal.endpoint("/changed")
    def compare(self) -> dict:
        return {{name: changed(name) for name in NAMES}}
"""


def app(*packages: str, more: str = "") -> dict[str, Any]:
    """Return the source and the entrypoint of an app with these packages, and ``more`` code."""
    code = CODE.format(names=[module(name) for name in packages]) + more
    return {"entrypoint": "app.py::App", "source": {"inline": {"app.py": code}}}
