"""Import fal without what it has only to talk to fal's cloud: gRPC, isolate, protobuf, httpx.

They are 0.2 s and 14 MB of `import fal`, and a runner does not use them unless the app does. While
fal is imported its modules get stand-ins in their place, which find the real thing when they are
touched. Nothing of them stays in sys.modules: who imports gRPC after that, the app included, gets
gRPC. Only the version of fal that the runtime carries is imported so: it is what the tests run.
"""

import abc
import contextlib
import functools
import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import abc as importers
from importlib import machinery, metadata
from types import ModuleType
from typing import Any

TESTED = "1.83.0"
"""The version of fal of which it is known what it does with them while it is imported."""

LATER = ("grpc", "grpc_interceptor", "httpx", "isolate", "isolate_proto", "pathspec", "yaml")


def import_fal() -> bool:
    """Import fal; return whether it went the short way."""
    if "fal" in sys.modules or any(name in sys.modules for name in LATER):
        return False
    if metadata.version("fal") != TESTED:
        return False
    try:
        with _standing_in():
            importlib.import_module("fal.app")
    except Exception:  # whatever it was, the usual way tells it better
        for name in [name for name in sys.modules if name.partition(".")[0] == "fal"]:
            del sys.modules[name]
        _late.clear()
        return False
    return True


_late: list[Callable[[], None]] = []
"""What has to be made up for when the real modules are there."""


class _State:
    importing = False


@contextlib.contextmanager
def _standing_in() -> Iterator[None]:
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    _State.importing = True
    try:
        yield
    finally:
        _State.importing = False
        sys.meta_path.remove(finder)
        for name in [name for name, it in sys.modules.items() if isinstance(it, _Module)]:
            del sys.modules[name]


def _importer() -> str:
    """Return the package of the code that says `import`: what others import is not fal's."""
    frame = sys._getframe(2)
    while frame.f_back is not None and "importlib" in frame.f_code.co_filename:
        frame = frame.f_back
    name: str = frame.f_globals.get("__name__", "")
    return name.partition(".")[0]


class _Finder(importers.MetaPathFinder, importers.Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> machinery.ModuleSpec | None:
        if fullname.partition(".")[0] not in LATER or _importer() != "fal":
            return None
        return machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: machinery.ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Leave it empty."""


class _Module(ModuleType):
    """Stands for a module."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = _Name(self.__name__, name)
        return found if _State.importing else found._real()


class _Name:
    """Stands for something in a module."""

    def __init__(self, module: str, path: str) -> None:
        self._module = module
        self._path = path

    def _real(self) -> Any:
        found: Any = importlib.import_module(self._module)
        for part in self._path.split("."):
            found = getattr(found, part)
        while _late:
            _late.pop(0)()
        return found

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if _State.importing:
            return _Name(self._module, f"{self._path}.{name}")
        return getattr(self._real(), name)

    def __call__(self, *args: Any, **options: Any) -> Any:
        if not _State.importing:
            return self._real()(*args, **options)
        return _Result(self, args, options)

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        if not _State.importing:
            return (self._real(),)
        # of the same layout as what it stands for, or it could not be replaced later
        base = abc.ABCMeta("Later", (abc.ABC,), {})
        _late.append(lambda: self._become_base(base))
        return (base,)

    def _become_base(self, stands: type) -> None:
        kind: Any
        for kind in stands.__subclasses__():
            kind.__bases__ = tuple(self._real() if b is stands else b for b in kind.__bases__)


class _Result:
    """Stands for what something returns that was called while fal was imported."""

    def __init__(self, called: _Name, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        self._called = called
        self._args = args
        self._options = options

    @functools.cached_property
    def _real(self) -> Any:
        args = [one._real() if isinstance(one, _Name) else one for one in self._args]
        return self._called._real()(*args, **self._options)

    def __getattr__(self, name: str) -> Any:
        if _State.importing or name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._real, name)

    def __call__(self, function: Any) -> Any:
        """Decorate, as with from_grpc.register(...): later, with what there is by then."""
        if not _State.importing:
            return self._real(function)
        _late.append(lambda: self._real(function))
        return function
