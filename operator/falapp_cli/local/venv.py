"""The environment of an app on this machine: a venv with its requirements, made by uv."""

import os
import re
import shutil
from importlib import metadata
from pathlib import Path

from falapp_cli import places
from falapp_cli.errors import InputError
from falapp_operator.api.falapp import FalAppSpec
from falapp_requirements import tokens
from falapp_requirements import variables as names

_WHOLE = ".falapp-whole"


def environment(spec: FalAppSpec, python: str) -> Path:
    """Return the venv of an app; it is made once for the same requirements.

    Args:
        spec: The app's.
        python: The version, as 3.11.

    Raises:
        InputError: A requirement uses a name that this shell has no variable for.
        CliError: uv cannot install them.
    """
    layers = spec.layers
    _refuse_unknown(layers)
    flat = [f"{number}:{token}" for number, layer in enumerate(layers) for token in layer]
    folder = places.cache() / "environments" / places.digest(python, *flat)
    if (folder / _WHOLE).exists():
        return folder
    places.uv("venv", "--clear", "--python", python, str(folder), what=f"Python {python}")
    for layer in layers:
        _install(folder, layer)
    (folder / _WHOLE).touch()
    return folder


def _install(folder: Path, layer: tuple[str, ...]) -> None:
    asked = tokens.parse(layer)
    options = ["--index-strategy", "unsafe-best-match", "--compile-bytecode"]
    lines = []
    for item in tokens.render(asked):
        if item == "--no-build-isolation":
            options.append(item)  # uv takes it on its command line only
        elif item == "--pre":
            options += ["--prerelease", "allow"]
        else:
            lines.append(item)
    places.uv(
        *("pip", "install", "--python", str(folder / "bin/python"), *options),
        requirements=lines,
        what="requirements",
    )


def _refuse_unknown(layers: tuple[tuple[str, ...], ...]) -> None:
    for name in names.names(token for layer in layers for token in layer):
        if not os.environ.get(name):
            raise InputError(
                f"requirements: ${{{name}}} stands in one, and this shell has no variable {name}; "
                "export it, which on a cluster the Secret does"
            )


def runtime(python: str) -> Path:
    """Return the runtime for a version of Python: the launcher, fal and what it needs.

    It is put together as in the runtime image, so that the app's own packages win here, too.

    Raises:
        CliError: uv cannot install it.
    """
    wanted = _runtime_requirements()
    source = Path(__file__).parents[2] / "falapp_runner"
    stamp = [
        f"{f.relative_to(source)}:{f.stat().st_mtime_ns}" for f in sorted(source.rglob("*.py"))
    ]
    folder = places.cache() / "runtimes" / places.digest(python, *wanted, *stamp)
    if (folder / _WHOLE).exists():
        return folder
    places.uv(
        *("pip", "install", "--python", python, "--target", str(folder), "--compile-bytecode"),
        requirements=wanted,
        what="the runtime",
    )
    shutil.copytree(source, folder / "falapp_runner", dirs_exist_ok=True)
    shutil.copy(source / "boot.py", folder / "boot.py")
    (folder / _WHOLE).touch()
    return folder


def _runtime_requirements() -> list[str]:
    """Return the requirements of the extra `runtime`, as this program was installed with them."""
    found = metadata.requires("falapp") or []
    own = (r for r in found if re.search(r"extra == ['\"]runtime['\"]", r))
    return [r.partition(";")[0].strip() for r in own]
