"""`falapp` as a person runs it: by the cluster's kubeconfig, in one namespace."""

import os
import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

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
        return [*given, *where, "--context", self.context]

    def run(self, *given: str, code: int = 0, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command, which ends with ``code``."""
        done = subprocess.run(
            [sys.executable, "-m", "falapp_cli", *self.arguments(*given)],
            cwd=self.folder, env=self.variables, input=stdin,
            capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        assert done.returncode == code, f"{given} ended with {done.returncode}: {done}"
        return done

    def said(self, *given: str, code: int = 0, stdin: str = "") -> str:
        """Return what a command prints on stdout."""
        return self.run(*given, code=code, stdin=stdin).stdout

    def terminal(self, *given: str) -> Terminal:
        """Run a command on a terminal."""
        return Terminal(*self.arguments(*given), variables=self.variables, folder=self.folder)
