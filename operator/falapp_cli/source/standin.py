"""Stand-ins for packages that an app imports and this machine does not have.

An app file says ``import torch`` at its top, and is read where there is no GPU and no torch. What a
stand-in is asked for (attributes, decorators, base classes, annotations) it gives; what would have
to be *known* (a version, whether there is a GPU) it refuses, since whatever it answered would be
made up and could end in the FalApp.
"""

import importlib.abc
import importlib.machinery
import inspect
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any, NoReturn


class NeededError(Exception):
    """The app decides by a package that is not here.

    Attributes:
        package: The package.
        name: What was asked of it, as ``torch.cuda.is_available()``.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.package = name.partition(".")[0].partition("(")[0]
        self.name = name


class StandInType(type):
    """What stands for a class, a function or a value of a package.

    It is a class, so that it can be a base and an annotation, and is called like a function.
    """

    __standin__: str

    def __getattr__(cls, name: str) -> Any:
        """Return a stand-in for the attribute."""
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return stand_in(f"{cls.__standin__}.{name}")

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Return a stand-in for the answer, or, as a decorator would, the function itself."""
        if len(args) == 1 and not kwargs and inspect.isroutine(args[0]):
            return args[0]
        return stand_in(f"{cls.__standin__}()")

    def __getitem__(cls, key: Any) -> Any:
        """Return a stand-in for a generic type, as ``ndarray[int]``."""
        return stand_in(f"{cls.__standin__}[…]")

    def __or__(cls, other: Any) -> Any:
        """Return a stand-in for a union of types."""
        return cls

    __ror__ = __or__

    def __enter__(cls) -> Any:
        """Enter what a stand-in made."""
        return cls

    def __exit__(cls, *args: object) -> None:
        """Leave it."""

    def __repr__(cls) -> str:
        """Say that it is one: for people, and never for a requirement."""
        return f"<stand-in for {cls.__standin__}>"

    def _refuse(cls, *args: object) -> NoReturn:
        raise NeededError(cls.__standin__)

    __str__ = __bool__ = __int__ = __float__ = __index__ = __len__ = __iter__ = _refuse
    __contains__ = __lt__ = __le__ = __gt__ = __ge__ = __format__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __mod__ = _refuse

    def __eq__(cls, other: object) -> bool:
        """Refuse to compare with what is no stand-in; classes are looked for in dictionaries."""
        if isinstance(other, str | int | float | tuple | list):
            cls._refuse()
        return cls is other

    def __hash__(cls) -> int:
        """Refuse to look up a version or an answer: it would be missed, and a default be taken.

        Types and the like are keys as they are, of dictionaries and inside of `typing`.
        """
        if cls.__standin__.endswith((")", "…]")) or "version" in cls.__standin__:
            cls._refuse()
        return type.__hash__(cls)


def stand_in(name: str) -> Any:
    """Return a stand-in for what is called ``name``."""
    return StandInType("StandIn", (), {"__standin__": name, "__module__": "falapp", **_PYDANTIC})


def is_stand_in(value: object) -> bool:
    """Return whether a value is one, or holds one."""
    if isinstance(value, dict):
        return any(is_stand_in(v) for pair in value.items() for v in pair)
    if isinstance(value, list | tuple | set):
        return any(is_stand_in(v) for v in value)
    return isinstance(value, StandInType)


def _schema(_source: Any, _handler: Any) -> dict[str, str]:
    return {"type": "any"}  # a model of pydantic's may have it as a field


_PYDANTIC = {"__get_pydantic_core_schema__": staticmethod(_schema)}


class Module(ModuleType):
    """A stand-in for a module."""

    def __getattr__(self, name: str) -> Any:
        """Return a stand-in for what the module would hold."""
        if name.startswith("__") and name.endswith("__") and name != "__version__":
            raise AttributeError(name)
        return stand_in(f"{self.__name__}.{name}")


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds stand-ins for packages, after everything else has found nothing."""

    def __init__(self) -> None:
        self.packages: set[str] = set()
        """The packages that stand-ins are found for."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find a module of one of the packages."""
        if name.partition(".")[0] not in self.packages:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        """Make the stand-in."""
        return Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: there is no code."""

    def forget(self) -> None:
        """Take the stand-ins away again."""
        for name in [n for n in sys.modules if n.partition(".")[0] in self.packages]:
            del sys.modules[name]
