"""From app.py::Hello to the class, with this interpreter and the real fal."""

import contextlib
import importlib.util
import inspect
import os
import sys
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeGuard

from falapp_cli.errors import InputError
from falapp_cli.source import files, standin

_MOST_ATTEMPTS = 64


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """An app class, and where it came from."""

    kind: type[Any]
    """The class."""
    path: Path
    """Its file."""
    modules: tuple[Path, ...]
    """The files beside it that were imported with it."""
    absent: tuple[str, ...]
    """The packages that stand-ins stood for."""

    @property
    def entrypoint(self) -> str:
        """As a FalApp has it: app.py::Hello."""
        return f"{self.path.name}::{self.kind.__name__}"


def load(reference: str) -> Loaded:
    """Import the file of ``app.py[::Class]`` and return its app.

    Raises:
        InputError: There is no such file or class, or importing the file fails.
    """
    file, _, name = reference.partition("::")
    path = Path(file)
    if path.is_dir():
        raise InputError(f"{file}: is a folder; give the file with the fal.App class in it")
    if not path.is_file():
        raise InputError(f"{file}: there is no such file; give one with a fal.App class, as app.py")
    if path.suffix != ".py":
        raise InputError(f"{file}: is no Python file; its name must end in .py")
    if importlib.util.find_spec("fal") is None:
        raise InputError(f"{file}: cannot be read without fal; install falapp[cli]")
    path = path.resolve()
    with _reading(path) as reading:
        module = _imported(path, file, reading)
        kind = _named(module, file, name) if name else _only(module, file)
        return Loaded(
            kind=kind,
            path=path,
            modules=tuple(sorted({Path(f).resolve() for f in reading.own().values()} - {path})),
            absent=tuple(sorted(reading.finder.packages)),
        )


class _Reading:
    """What importing an app brings into this process, to be taken out of it again."""

    def __init__(self, folder: Path) -> None:
        self.finder = standin.Finder()
        self._folder = folder
        self._before = frozenset(sys.modules)

    def own(self) -> dict[str, str]:
        """Return the app's own modules, {name: file}."""
        found = {}
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if name not in self._before and file and _is_below(file, self._folder):
                found[name] = file
        return found

    def forget(self) -> None:
        """Take the app's modules away, so that the next reading sees none of this one."""
        for name in self.own():
            del sys.modules[name]


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[_Reading]:
    """Let modules beside ``path`` be found, and what the file prints go to stderr."""
    reading = _Reading(path.parent)
    finder = reading.finder
    sys.path.insert(0, str(path.parent))
    sys.meta_path.append(finder)
    bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
            # What fal says of its own dependencies is nothing that the app's author could mend.
            warnings.simplefilter("ignore", DeprecationWarning)
            yield reading
    finally:
        sys.dont_write_bytecode = bytecode
        sys.meta_path.remove(finder)
        sys.path.remove(str(path.parent))
        reading.forget()
        finder.forget()


def _imported(path: Path, file: str, reading: _Reading) -> ModuleType:
    """Import the file; what it lacks, it lacks first: an import that may fail is left to fail."""
    for _ in range(_MOST_ATTEMPTS):
        try:
            return _run(path)
        except ModuleNotFoundError as error:
            package = (error.name or "").partition(".")[0]
            if not package or package in reading.finder.packages or _exists(package, path):
                raise InputError(f"{file}: {_where(error, path)}{error}") from error
            reading.finder.packages.add(package)
            reading.forget()
        except standin.NeededError as error:
            raise InputError(needed(file, error, _where(error, path))) from error
        except SyntaxError as error:
            name = Path(error.filename).name if error.filename else file
            raise InputError(files.no_python(name, error)) from error
        except SystemExit as error:
            raise InputError(
                f"{file}: {_where(error, path)}the file ends the process while it is imported; put "
                'what is meant for the command line under `if __name__ == "__main__":`'
            ) from error
        except Exception as error:
            raise InputError(
                f"{file}: {_where(error, path)}importing it raised {_sentence(error)}; correct it, "
                "or move what needs the app's machine into setup()"
            ) from error
    raise InputError(f"{file}: lacks more than {_MOST_ATTEMPTS} packages; is it the right file?")


def needed(file: str, error: standin.NeededError, where: str = "") -> str:
    """Return the sentence for an app that decides by a package that is not here."""
    return (
        f"{file}: {where}the app needs {error.name} to be read, and {error.package} is not "
        f"installed here; give --requirement {error.package} (or what the package is called that "
        "holds it) to have it for this, or import it inside setup()"
    )


def _run(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is no Python file")
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.get(path.stem)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    finally:
        # An app called like a package of ours, as rich.py, must not stay in its place.
        if before is not None:
            sys.modules[path.stem] = before
    return module


def _exists(package: str, path: Path) -> bool:
    """Return whether it is the app's own module, or Python's, that lacks something."""
    beside = path.parent / package
    return (
        beside.with_suffix(".py").is_file()
        or (beside / "__init__.py").is_file()
        or (package in sys.stdlib_module_names)
    )


def _is_below(file: str, folder: Path) -> bool:
    # A thousand modules are looked at: Path would take its time, and resolve() ask the disk.
    inside = os.path.abspath(file)  # noqa: PTH100
    return inside.startswith(os.path.join(folder, "")) and "site-packages" not in inside  # noqa: PTH118


def _where(error: BaseException, path: Path) -> str:
    """Return the last place in the app's own files, as ``line 12: ``."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if Path(f.filename).parent == path.parent]
    if not own:
        return ""
    last = own[-1]
    name = "" if Path(last.filename) == path else f"{Path(last.filename).name} "
    return f"{name}line {last.lineno}: "


def _sentence(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _named(module: ModuleType, file: str, name: str) -> type[Any]:
    found = getattr(module, name, None)
    if _is_app(found):
        return found
    apps = ", ".join(_apps(module)) or "none"
    wrong = "is no fal.App class" if found is not None else "is not in the file"
    raise InputError(f"{file}::{name}: {name} {wrong}; its fal.App classes: {apps}")


def _only(module: ModuleType, file: str) -> type[Any]:
    apps = _apps(module)
    if len(apps) == 1:
        return next(iter(apps.values()))
    if not apps:
        raise InputError(f"{file}: has no fal.App class; write `class Name(fal.App):` in it")
    names = ", ".join(apps)
    raise InputError(
        f"{file}: has {len(apps)} fal.App classes ({names}); name one, as "
        f"{file}::{next(iter(apps))}"
    )


def _apps(module: ModuleType) -> dict[str, type[Any]]:
    apps: dict[str, type[Any]] = {}
    for name, value in vars(module).items():
        if _is_app(value) and value not in apps.values():
            apps[name] = value
    return apps


def _is_app(value: object) -> TypeGuard[type[Any]]:
    import fal

    if isinstance(value, standin.StandInType) or not inspect.isclass(value):
        return False
    # fal's own bases (fal.App, fal.wma.App) are there to be inherited from
    return issubclass(value, fal.App) and value.__module__.partition(".")[0] != "fal"
