"""`falapp` as a person runs it: by the cluster's kubeconfig, in one namespace."""

import contextlib
import io
import os
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest

from falapp_cli import main
from tests.kube.kubectl import Kube
from tests.unit.cli.terminal import Terminal

APP = """\
import fal
import humanize


class Words(fal.App, name="words"):
    machine_type = "XS"
    requirements = REQUIREMENTS
    secrets = ["GREETING"]

    def setup(self):
        import os
        import time

        print("setting up", flush=True)
        time.sleep(5)
        self.greeting = os.environ["GREETING"]

    @fal.endpoint("/")
    def tell(self) -> dict:
        return {"text": humanize.intcomma(12345), "greeting": self.greeting}
"""


def requirements() -> list[str]:
    """Return packages that no registry has an environment of yet: the last one's marker is true."""
    marker = int(secrets.token_hex(4), 16)
    return ["humanize==4.17.0", f'six==1.17.0 ; python_version != "0.{marker}"']


class Said(NamedTuple):
    """What a command printed."""

    out: str
    err: str


@dataclass(frozen=True)
class Falapp:
    """The command line."""

    kubeconfig: Path
    context: str
    namespace: str
    folder: Path

    @classmethod
    def of(cls, kube: Kube, namespace: str, folder: Path) -> "Falapp":
        """Return the command line for the cluster of ``kube``."""
        return cls(kube.kubeconfig, kube.context, namespace, folder)

    @property
    def variables(self) -> dict[str, str]:
        """The environment that it runs in."""
        return os.environ | {"KUBECONFIG": str(self.kubeconfig)}

    def arguments(self, *given: str) -> list[str]:
        """Return arguments with where they mean."""
        where = [] if given[0] == "machines" else ["-n", self.namespace]
        if given[0] == "render":
            return [*given, *where]
        return [*given, *where, "--context", self.context]

    def run(self, *given: str, code: int = 0, stdin: str = "", debug: bool = False) -> Said:
        """Run a command, which ends with ``code``, in this process: it has all of it imported."""
        out, err = io.TextIOWrapper(io.BytesIO(), write_through=True), io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("KUBECONFIG", str(self.kubeconfig))
            patch.chdir(self.folder)
            patch.setattr(sys, "stdin", io.StringIO(stdin))
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                ended = main.run([*["--debug"][:debug], *self.arguments(*given)])
        out.seek(0)
        said = Said(out.read(), err.getvalue())
        assert ended == code, f"{given} ended with {ended}: {said}"
        return said

    def said(self, *given: str, code: int = 0, stdin: str = "") -> str:
        """Return what a command prints on stdout."""
        return self.run(*given, code=code, stdin=stdin).out

    def terminal(self, *given: str) -> Terminal:
        """Run a command on a terminal."""
        return Terminal(*self.arguments(*given), variables=self.variables, folder=self.folder)
