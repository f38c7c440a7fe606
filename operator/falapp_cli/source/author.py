"""Rendering as the commands do it: with borrowed packages, with notes for people."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from falapp_cli import output, report
from falapp_cli.errors import InputError
from falapp_cli.source import borrow, credentials
from falapp_cli.source.credentials import SECRET
from falapp_cli.source.render import Rendered, Wishes, render


def wishes(*, name: str, namespace: str, secret: str, pull_secret: str) -> Wishes:
    """Return what is not in the file; what is empty is as by default.

    Raises:
        InputError: No Secret can be called so.
    """
    credentials.named(secret, "--secret")
    credentials.named(pull_secret, "--pull-secret")
    return Wishes(name=name, namespace=namespace, secret=secret or SECRET, pull_secret=pull_secret)


def rendered(
    reference: str,
    asked: Wishes,
    requirements: Sequence[str] = (),
    *,
    secrets_file: str = "",
) -> dict[str, Any]:
    """Return the FalApp of a file, and say what it leaves out.

    Raises:
        InputError: It cannot be made.
    """
    import dataclasses

    asked = dataclasses.replace(asked, extract=bool(secrets_file))
    with borrow.borrowed(requirements):
        made = render(reference, asked)
    if secrets_file:
        _keep(made, Path(secrets_file))
    for left in made.left_out:
        report.note(f"left out: {left}")
    for note in made.notes:
        report.note(note)
    return made.app


def _keep(made: Rendered, file: Path) -> None:
    if made.secret is None:
        report.note(f"no requirement holds a credential; {file} was not written")
        return
    try:
        # Readable by its owner alone from the first byte on.
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            file.chmod(0o600)
            opened.write(output.to_yaml(made.secret))
    except OSError as error:
        raise InputError(
            f"--extract-secrets: {file} cannot be written ({error.strerror})"
        ) from error
    report.note(f"{file} holds the credentials; apply it, and keep it out of Git")
