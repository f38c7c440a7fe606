"""Where fal.toolkit's files go: to the store that the cluster has, and not to a fal account.

fal looks its stores up by name, in a dictionary of factories. Ours take the places of those that
need an account; an app that names another one, as "in_memory" or "gcp_storage", has that.
"""

import functools
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

from falapp_runner import contract

MODULE = "fal.toolkit.file.file"
TABLE = "BUILT_IN_REPOSITORIES"
OWN = frozenset({"fal", "fal_v2", "fal_v3", "cdn"})
"""fal's names for its own storage, of all versions."""
ACCOUNT = "FAL_KEY"
"""With this variable an app has an account with fal, and may use it where there is no store."""


def register(variables: Mapping[str, str]) -> None:
    """Have files go to the cluster's store, as soon as an app imports what makes files."""
    if not variables.get(contract.FILES) and variables.get(ACCOUNT):
        return

    @functools.cache
    def repository() -> Any:
        from falapp_runner import stores  # needs fal.toolkit, and the client of the store

        return stores.repository(variables)

    after_import(MODULE, lambda module: replace(module, repository))


def replace(module: ModuleType, repository: Callable[[], Any]) -> None:
    """Put `repository` where fal's own storage is."""
    table = getattr(module, TABLE, {})
    for name in OWN & set(table):
        table[name] = repository


def after_import(name: str, act: Callable[[ModuleType], None]) -> None:
    """Call `act` with the module `name`, now if it is there, else when it has been imported."""
    if name in sys.modules:
        act(sys.modules[name])
    else:
        sys.meta_path.insert(0, _Hook(name, act))


class _Hook(importlib.abc.MetaPathFinder):
    def __init__(self, name: str, act: Callable[[ModuleType], None]) -> None:
        self._name = name
        self._act = act

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find the module as it would be found without us, and wrap how it is run."""
        if fullname != self._name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                run(module)
                self._act(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec
