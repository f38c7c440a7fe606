"""A tiny app that proves a cluster: resolve, build, push, pull, setup(), and an answer."""

import secrets
import sys
from typing import Any, Protocol

from falapp_cli.errors import CliError
from falapp_cli.kube import app as apps
from falapp_cli.kube import call, change
from falapp_cli.live import deploy
from falapp_cli.live.follow import Plain, follow
from falapp_cli.live.view import Phase
from falapp_operator.api import meta

_CODE = """\
import fal
import six


class Trial(fal.App):
    @fal.endpoint("/")
    def answer(self) -> dict:
        return {"six": six.__version__}
"""


class Everything(deploy.Writer, change.Changer, call.Forwarder, Protocol):
    """A cluster, with all that one can do."""


def trial(kube: Everything, machine: str, timeout: float) -> str:
    """Run a tiny app, of which nothing can be in the registry yet, and delete it again.

    Raises:
        CliError: It did not get ready, or does not answer.
    """
    name = f"falapp-doctor-{secrets.token_hex(4)}"
    try:
        kube.apply(manifest(name, kube.namespace, machine))
        ended = follow(kube, name, timeout=timeout, screen=Plain(sys.stderr))
        if ended.phase is not Phase.READY:
            raise CliError(f"the trial app did not get ready: {ended.text}")
        answer = call.call(kube, apps.find(kube, name), "POST", "/", b"{}", 30)
        body = b"".join(answer.chunks())
        if answer.status != 200:
            raise CliError(f"the trial app answers {answer.status}: {body[:200]!r}")
    finally:
        if kube.get(apps.own("FalApp", kube.namespace, name)):
            change.delete(kube, name)
    return "a build was resolved, pushed and pulled, and its app answers"


def manifest(name: str, namespace: str, machine: str) -> dict[str, Any]:
    """Return the FalApp; its marker is always true, and makes its environment one of its own."""
    marker = f'six==1.17.0 ; python_version != "0.{int(secrets.token_hex(4), 16)}"'
    return {
        "apiVersion": meta.API_VERSION,
        "kind": "FalApp",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "entrypoint": "app.py::Trial",
            "machineType": machine,
            "requirements": [marker],
            "source": {"inline": {"app.py": _CODE}},
        },
    }
