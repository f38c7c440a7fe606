"""The files that come along with an app: helper modules beside it, and fal's app_files."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from falapp_cli.errors import InputError
from falapp_operator.api import source

MOST = 64
"""How many files may stand inline."""
_LARGEST = 262_144
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_WAY_OUT = (
    "keep the app in git and name it in source.git, or bring the files by an image of your own"
)


def collect(path: Path, modules: Iterable[Path], values: dict[str, Any]) -> dict[str, str]:
    """Return the files of an app as {name: text}, its own first.

    Args:
        path: The app's file.
        modules: Files beside it that it imported.
        values: fal's options.

    Raises:
        InputError: They cannot stand in a FalApp.
    """
    found = {path, *modules, *_imported(path), *_named_modules(path, values)}
    named = {_beside(file, path.parent): file for file in sorted(found)}
    for file, inside in _app_files(path, values):
        named.setdefault(_checked(inside), file)
    own = {path.name: path}
    texts = {name: _text(file) for name, file in (own | named).items()}
    total = source.size(texts.values())
    if total > source.INLINE_BYTES or len(texts) > MOST:
        raise InputError(
            f"{path.name}: the app's {len(texts)} files hold {total:,} bytes together, and a "
            f"FalApp carries {source.INLINE_BYTES:,} in {MOST} files; {_WAY_OUT}"
        )
    return texts


def _beside(file: Path, folder: Path) -> str:
    return _checked(file.relative_to(folder).as_posix())


def _checked(name: str) -> str:
    if "/" in name:
        raise InputError(
            f"{name}: is in a folder, and a FalApp carries files without folders; move it beside "
            f"the app, or {_WAY_OUT}"
        )
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name}: is no name that a FalApp can carry; use letters, digits, '.', '_' and '-'"
        )
    return name


def _text(file: Path) -> str:
    # Python reads past a mark of the byte order, and a FalApp's YAML would be in one long line.
    encoding = "utf-8-sig" if file.suffix == ".py" else "utf-8"
    try:
        text = file.read_text(encoding=encoding)
    except UnicodeDecodeError:
        raise InputError(
            f"{file.name}: is no text, and a FalApp carries text only; {_WAY_OUT}"
        ) from None
    except OSError as error:
        raise InputError(f"{file.name}: cannot be read ({error.strerror})") from error
    if len(text) > _LARGEST:
        raise InputError(
            f"{file.name}: holds {len(text):,} characters, and a FalApp takes {_LARGEST:,} in one "
            f"file; {_WAY_OUT}"
        )
    return text


def _imported(path: Path) -> set[Path]:
    """Return the files beside ``path`` that it or one of them imports anywhere, as in setup()."""
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        for name in _imports(waiting.pop()):
            file = _module(path.parent, name)
            if file is not None and file != path and file not in found:
                found.add(file)
                waiting.append(file)
    return found


def _imports(file: Path) -> Iterator[str]:
    try:
        tree = ast.parse(_text(file))
    except (SyntaxError, ValueError) as error:
        raise InputError(no_python(file.name, error)) from error
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def no_python(name: str, error: SyntaxError | ValueError) -> str:
    """Return the sentence for a file that Python cannot read; of a null byte there is no line."""
    if isinstance(error, SyntaxError) and error.lineno:
        return f"{name}:{error.lineno}: {error.msg}; correct it"
    return f"{name}: {error}; correct it"


def _module(folder: Path, name: str) -> Path | None:
    place = folder.joinpath(*name.split("."))
    for file in (place.with_suffix(".py"), place / "__init__.py"):
        if file.is_file():
            return file
    return None


def _named_modules(path: Path, values: dict[str, Any]) -> set[Path]:
    found = set()
    for name in values.get("local_python_modules", ()):
        file = _module(path.parent, name)
        if file is None:
            raise InputError(
                f"local_python_modules: there is no {name}.py beside {path.name}; put it there, "
                "or list its package as a requirement"
            )
        found.add(file)
    return found


def _app_files(path: Path, values: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield fal's app_files, each with the name it gets beside the app."""
    context = Path(values.get("app_files_context_dir") or ".")
    folder = (path.parent / context).resolve()
    ignored = [re.compile(p) for p in values.get("app_files_ignore") or _ignored()]
    for name in values.get("app_files", ()):
        given = folder / name
        if not given.exists():
            raise InputError(f"app_files: there is no {name} in {folder.name}; correct the path")
        for file in sorted(given.rglob("*")) if given.is_dir() else [given]:
            inside = file.resolve()
            if inside.is_relative_to(folder):
                name_inside = inside.relative_to(folder).as_posix()
            else:
                raise InputError(f"app_files: {name} is outside of {folder.name}; copy it there")
            if file.is_file() and not any(p.search(name_inside) for p in ignored):
                yield file, name_inside


def _ignored() -> list[str]:
    from fal import App

    return list(App.app_files_ignore)
