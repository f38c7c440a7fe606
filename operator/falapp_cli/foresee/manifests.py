"""FalApps out of files."""

import json
import sys
from pathlib import Path

import yaml

from falapp_cli import report
from falapp_cli.errors import InputError
from falapp_operator.api import meta
from falapp_operator.api.objects import Object


def read(file: str, text: str = "") -> Object:
    """Return the one FalApp of a YAML or JSON file.

    Args:
        file: The file; the standard input where it is -.
        text: What it holds, where that was read already.

    Raises:
        InputError: It has none, or several.
    """
    try:
        content = text or _content(file)
        found = [d for d in yaml.safe_load_all(content) if isinstance(d, dict)]
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        why = " ".join(str(error).split())
        raise InputError(f"{file}: is not YAML ({why[:200]}); correct it") from error
    apps = [d for d in found if d.get("kind") == "FalApp"]
    for other in found:
        if other not in apps:
            report.note(f"{file}: {_called(other)} is left alone, as it is no FalApp")
    if not apps:
        raise InputError(f"{file}: holds no FalApp; give a file with one")
    if len(apps) > 1:
        names = ", ".join(_called(a) for a in apps)
        raise InputError(f"{file}: holds {len(apps)} FalApps ({names}); give a file with one")
    [app] = apps
    if app.get("apiVersion") != meta.API_VERSION:
        raise InputError(
            f"{file}: apiVersion is {app.get('apiVersion')!r}, and this falapp knows "
            f"{meta.API_VERSION}; use the falapp of that version"
        )
    if not isinstance(app.get("metadata"), dict) or not app["metadata"].get("name"):
        raise InputError(f"{file}: metadata.name is missing; give the FalApp a name")
    return _plain(file, app | {"metadata": _metadata(file, app["metadata"])})


def _plain(file: str, app: Object) -> Object:
    """Return what of YAML is JSON, too: dates as text, and neither loops nor keys of other types.

    Raises:
        InputError: There is something else.
    """
    try:
        plain: Object = json.loads(json.dumps(app, default=str))
    except (TypeError, ValueError) as error:
        raise InputError(f"{file}: cannot be said in JSON ({error}); write it without") from error
    return plain


def _content(file: str) -> str:
    if file == "-":
        return sys.stdin.buffer.read().decode()
    return Path(file).read_text(encoding="utf-8")


def _metadata(file: str, given: Object) -> Object:
    """Return metadata without what is null; what is used of it is of its type.

    Raises:
        InputError: Something is not.
    """
    metadata = {field: value for field, value in given.items() if value is not None}
    for field in ("name", "namespace"):
        if not isinstance(metadata.get(field, ""), str):
            raise InputError(f"{file}: metadata.{field} is not text; put it in quotes")
    for field in ("labels", "annotations"):
        pairs = metadata.get(field, {})
        if not isinstance(pairs, dict):
            raise InputError(f"{file}: metadata.{field} is not a mapping; write it as name: value")
        for name, value in pairs.items():
            if not isinstance(name, str) or not isinstance(value, str):
                raise InputError(f"{file}: metadata.{field}: {name}: is not text; put it in quotes")
    return metadata


def _called(document: Object) -> str:
    metadata = document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return " ".join(str(part) for part in (document.get("kind", "what has no kind"), name) if part)
