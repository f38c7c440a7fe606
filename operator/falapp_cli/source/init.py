"""`falapp init`: a starter app, its FalApp, and a .gitignore."""

import shlex
from pathlib import Path

from falapp_cli import output, report
from falapp_cli.errors import InputError
from falapp_cli.source.render import Wishes, named, render

_STARTER = Path(__file__).with_name("starter")


def init(folder: str, name: str) -> None:
    """Write the files; one that is there is never touched.

    Raises:
        InputError: One of them is there, or the name cannot be a FalApp's.
    """
    place = Path(folder)
    app, manifest, ignore = place / "app.py", place / "app.yaml", place / ".gitignore"
    there = [path.name for path in (app, manifest) if path.exists()]
    if there:
        raise InputError(f"init: {place} has {' and '.join(there)} already; give another folder")
    try:
        if name:
            named(name)  # before anything is written
        place.mkdir(parents=True, exist_ok=True)
        _copy("app.py.txt", app)
        if not ignore.exists():
            _copy("gitignore.txt", ignore)
        made = render(str(app), Wishes(name=name))
        manifest.write_text(output.to_yaml(made.app), encoding="utf-8")
    except OSError as error:
        raise InputError(f"init: {place} cannot be written to ({error.strerror})") from error
    report.note(
        f"{app} and {manifest} are written; next: falapp run {shlex.quote(str(app))} --local"
    )


def _copy(name: str, to: Path) -> None:
    to.write_text((_STARTER / name).read_text(encoding="utf-8"), encoding="utf-8")
