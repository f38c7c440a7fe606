"""The malicious package, as a source archive: `malicious/` is what it does."""

import json
from pathlib import Path

from tests.servers.packages import File, metadata, module, sdist

CODE = Path(__file__).parent / "malicious"
INIT = """\
import pathlib

WORD = "spied"
REPORT = pathlib.Path(__file__).with_name("report.json").read_text()
"""
REPORTING = """

class App(App):
    @fal.endpoint("/report")
    def report(self) -> dict:
        import json
        import falapp_spy

        return json.loads(falapp_spy.REPORT)
"""
"""More code for an app: it returns what the package found while it was built."""


def spy(name: str, version: str, *, drop: str, builds: str) -> File:
    """Make it; what it finds it posts to ``drop``."""
    told = {"name": name, "version": version, "module": module(name)}
    files = {
        **{path.name: path.read_text() for path in CODE.glob("*.py")},
        "told.json": json.dumps({**told, "drop": drop, "builds": builds}),
        f"{module(name)}/__init__.py": INIT,
        # Of a version that promises nothing, so that setup.py is asked for the metadata, too.
        "PKG-INFO": metadata(name, version).replace("2.2", "2.1"),
    }
    return sdist(name, files, version=version)
