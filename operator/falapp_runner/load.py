"""From an entrypoint, as app.py::Hello, to the class."""

import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, TypeGuard

from falapp_runner import contract, report

HOOKS = ("setup", "teardown", "handle_exit")
"""What the runner calls, with no argument."""


class LoadError(Exception):
    """The entrypoint does not lead to an app that can run; the text says what to do about it."""

    def __init__(self, text: str, reason: str = contract.LOAD_FAILED) -> None:
        super().__init__(text)
        self.reason = reason
        """One of the reasons of `contract`."""


def conflict(broken: list[str], cause: Exception) -> LoadError:
    """Return what is to be told where fal cannot be imported, and `conflicts` found `broken`."""
    why = [*broken, report.sentence(cause)]
    return LoadError(
        "requirements: the environment's packages keep fal from being imported: "
        f"{'; '.join(why)}; pin versions that fit, or leave them out",
        contract.RUNTIME_CONFLICT,
    )


def load(entrypoint: str, folder: Path) -> type[Any]:
    """Import the entrypoint's file from `folder` and return its fal.App class."""
    file, _, name = entrypoint.partition("::")
    module = _run(file, folder)
    kind = _named(module, file, name) if name else _only(module, file)
    _check_hooks(kind, file)
    return kind


def _run(file: str, folder: Path) -> ModuleType:
    path = folder / file
    if not path.is_file():
        here = ", ".join(sorted(p.name for p in folder.iterdir() if p.is_file())) or "no file"
        raise LoadError(f"entrypoint: there is no file {file}; the source holds {here}")
    name = path.stem
    if name in sys.modules:
        raise LoadError(
            f"entrypoint: {file} hides the module {name}, which the runner uses; rename the file"
        )
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise LoadError(f"entrypoint: {file} is no Python file; its name must end in .py")
    # first, as for a script, and not before: no file of the app may hide what the runner imports
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    module = importlib.util.module_from_spec(spec)
    # known by its name, so that what the app pickles is found again by its own child processes
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        raise LoadError(_refusal(file, error), contract.IMPORT_FAILED) from error
    return module


def _refusal(file: str, error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return (
            f"{file} ended the process with {report.sentence(error)} while it was imported; "
            'put what is meant for the command line under `if __name__ == "__main__":`'
        )
    text = f"{file} could not be imported: {report.sentence(error)}"
    if isinstance(error, ModuleNotFoundError) and error.name:
        top = error.name.partition(".")[0]
        return f"{text}; add the package that holds {top} to the FalApp's requirements"
    return f"{text}; correct the file and apply it again"


def _named(module: ModuleType, file: str, name: str) -> type[Any]:
    found = getattr(module, name, None)
    if _is_app(found):
        return found
    apps = _apps(module)
    if found is None:
        wrong = f"{file} has no class {name}"
    elif inspect.isclass(found):
        wrong = f"{name} in {file} is no subclass of fal.App"
    else:
        wrong = f"{name} in {file} is no class"
    listed = f"its fal.App classes are {', '.join(apps)}" if apps else "it has no fal.App class"
    raise LoadError(f"entrypoint {file}::{name}: {wrong}; {listed}", contract.CLASS_NOT_FOUND)


def _only(module: ModuleType, file: str) -> type[Any]:
    apps = _apps(module)
    if len(apps) == 1:
        return next(iter(apps.values()))
    if not apps:
        raise LoadError(
            f"entrypoint {file}: it has no fal.App class; write `class Name(fal.App):` in it, "
            "or name the file that has one",
            contract.CLASS_NOT_FOUND,
        )
    raise LoadError(
        f"entrypoint {file}: it has {len(apps)} fal.App classes ({', '.join(apps)}); "
        f"name one of them, as {file}::{next(iter(apps))}",
        contract.CLASS_NOT_FOUND,
    )


def _check_hooks(kind: type[Any], file: str) -> None:
    for name in HOOKS:
        hook = inspect.getattr_static(kind, name, None)
        if not inspect.isfunction(hook):
            continue  # a static or class method, or nothing: called as it is
        signature = inspect.signature(hook)
        try:
            signature.bind(None)
        except TypeError:
            raise LoadError(
                f"{file}: {kind.__name__}.{name}{signature} cannot be called with no argument but "
                f"self; write `def {name}(self):`",
                contract.INVALID_SIGNATURE,
            ) from None


def _apps(module: ModuleType) -> dict[str, type[Any]]:
    """Return the file's fal.App classes: imported ones count too, as in fal, but each once."""
    apps: dict[str, type[Any]] = {}
    for name, value in vars(module).items():
        if _is_app(value) and value not in apps.values():
            apps[name] = value
    return apps


def _is_app(value: object) -> TypeGuard[type[Any]]:
    import fal

    if isinstance(value, fal.api.api.IsolatedFunction):
        return value.raw_func is not None
    if not (inspect.isclass(value) and issubclass(value, fal.App)):
        return False
    # fal's own bases (fal.App, fal.wma.App) are there to be inherited from
    return value.__module__.partition(".")[0] != "fal"
