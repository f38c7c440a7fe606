"""What the changing commands do."""

import getpass
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from falapp_cli import report
from falapp_cli.commands import given
from falapp_cli.errors import InputError
from falapp_cli.foresee.plan import read
from falapp_cli.kube import change
from falapp_cli.kube.client import Kube
from falapp_cli.kube.show import now
from falapp_cli.live import deploy as deploying
from falapp_cli.source import author, credentials
from falapp_cli.source.credentials import SECRET
from falapp_operator.api import model
from falapp_operator.api.objects import Object

_METADATA = ("name", "namespace", "labels", "annotations")


@dataclass(frozen=True, kw_only=True)
class Given(given.Given):
    """What is deployed, and how."""

    force: bool = False
    """Whether to take over fields that another tool manages."""


def app(asked: Given, namespace: str) -> Object:
    """Return the FalApp of a fal app file, or of a YAML file.

    Raises:
        InputError: It cannot be used.
    """
    if asked.is_manifest("deploy"):
        found = given.manifest(asked, namespace)
        read(found)  # refused here rather than by the cluster, whose words are longer
    else:
        wishes = author.wishes(
            name=asked.name,
            namespace=namespace,
            secret=asked.secret,
            pull_secret=asked.pull_secret,
        )
        found = author.rendered(asked.reference, wishes, asked.requirements)
    # What only the API server knows may stand in a file that came from it.
    metadata = {k: v for k, v in found["metadata"].items() if k in _METADATA}
    metadata |= {"namespace": namespace} if namespace else {}
    return {k: v for k, v in found.items() if k != "status"} | {"metadata": metadata}


def deploy(asked: Given, context: str, namespace: str, *, wait: bool, timeout: str) -> int:
    """Deploy, and return the exit code."""
    if not re.fullmatch(r"(\d+h)?(\d+m)?(\d+s)?", timeout) or not timeout:
        raise InputError(f"--timeout: {timeout!r} is no length of time; write it as 90s, 30m or 1h")
    found = app(asked, namespace)
    kube = Kube.connect(context, namespace)
    seconds = model.seconds(timeout)
    return deploying.deploy(kube, found, wait=wait, timeout=seconds, force=asked.force)


def restart(name: str, context: str, namespace: str) -> None:
    """Restart."""
    how = change.restart(Kube.connect(context, namespace), name, now().isoformat())
    report.note(f"{name} {how}")


def suspend(name: str, context: str, namespace: str) -> None:
    """Suspend."""
    change.suspend(Kube.connect(context, namespace), name)
    report.note(f"{name} is suspended; `falapp resume {name}` starts it again")


def resume(name: str, context: str, namespace: str) -> None:
    """Resume."""
    change.resume(Kube.connect(context, namespace), name)
    report.note(f"{name} is resumed")


def scale(name: str, replicas: int, context: str, namespace: str) -> None:
    """Scale."""
    change.scale(Kube.connect(context, namespace), name, replicas)
    report.note(f"{name} keeps {replicas} runners")


def delete(name: str, context: str, namespace: str) -> None:
    """Delete."""
    change.delete(Kube.connect(context, namespace), name)
    report.note(f"{name} is deleted")


def set_secret(items: Sequence[str], secret: str, context: str, namespace: str) -> None:
    """Set values of a Secret."""
    credentials.named(secret, "--secret")
    values = dict(value(item) for item in items)
    kube = Kube.connect(context, namespace)
    made = change.secret(kube, secret or SECRET, values)
    what = "made" if made else "changed"
    report.note(
        f"Secret {secret or SECRET} in namespace {kube.namespace} was {what}: {', '.join(values)}"
    )


def value(item: str) -> tuple[str, str]:
    """Return name and value of NAME, NAME=@FILE or NAME=VALUE.

    Raises:
        InputError: The name is none, or there is no value.
    """
    name, equals, text = item.partition("=")
    if not re.fullmatch(r"[-._a-zA-Z0-9]{1,253}", name):
        raise InputError(f"secret set: {name!r} is no name of a key; use letters, digits, '_', '-'")
    if not equals:
        text = getpass.getpass(f"{name}: ") if sys.stdin.isatty() else sys.stdin.read()
        text = text.removesuffix("\n")
    elif text.startswith("@"):
        try:
            text = Path(text[1:]).read_text(encoding="utf-8").removesuffix("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"secret set: {text[1:]} cannot be read as text ({error})") from error
    else:
        report.note(f"{name}: the value stands in your shell's history; without =… it is asked for")
    if not text:
        raise InputError(f"secret set: the value of {name} is empty; give one")
    return name, text
