"""Credentials in the app's own files: what leaves the requirements must not stay in the text."""

from collections.abc import Iterable, Mapping
from typing import Any

from falapp_cli.errors import InputError
from falapp_requirements import redact

_SHORTEST = 6


def masked(texts: Mapping[str, str], values: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the files with the name of each credential in its place, and which ones had one.

    The runner does not read an app's requirements, so a name is as good there. It has no braces,
    which mean something in an f-string.

    Args:
        texts: The files.
        values: The credentials, by their names.
    """
    made, changed = dict(texts), []
    for file, text in texts.items():
        for name, value in values.items():
            for part in _parts(value):
                text = text.replace(part, name)
        if text != texts[file]:
            made[file] = text
            changed.append(file)
    return made, changed


def refuse(texts: Mapping[str, str], image: Any) -> None:
    """Refuse files that hold what a ContainerImage keeps to itself.

    Raises:
        InputError: One does.
    """
    for where, value in _of_image(image):
        for file, text in texts.items():
            if len(value) >= _SHORTEST and value in text:
                raise InputError(
                    f"{file}: holds the value of image.{where}, and would stand in Git with it; "
                    f"take it from os.environ, or leave image.{where} out"
                )


def _of_image(image: Any) -> Iterable[tuple[str, str]]:
    if image is None:
        return
    for registry in (image.registries or {}).values():
        yield "registries", str(registry["password"])
    for value in (image.secrets or {}).values():
        yield "secrets", str(value)


def _parts(value: str) -> list[str]:
    """Return a credential and what is secret in it, the longest first."""
    inside = redact.secrets(f"https://{value}@host/") | redact.secrets(f"https://host/?{value}")
    return sorted({value, *inside}, key=len, reverse=True)
