"""The measures of CONTRIBUTING.md, and what must stand nowhere in the project."""

import ast
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.conftest import ROOT

LINES, BODY = 300, 40
# In parts: this file is looked through like any other.
HOSTS = [
    ".".join(parts).encode()
    for parts in (
        ("pypi", "org"),
        ("files", "pythonhosted", "org"),
        ("proxy", "golang", "org"),
        ("deb", "debian", "org"),
        ("registry", "npmjs", "org"),
        ("crates", "io"),
    )
]
MADE = {"__pycache__", "dist"}


def project() -> list[Path]:
    """List the project's files: git's and those that it would take; without git, all."""
    git = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(git, capture_output=True, text=True, check=True)
        found = [ROOT / name for name in done.stdout.split("\0") if name]
    except (FileNotFoundError, subprocess.CalledProcessError):
        found = list(walk(ROOT))
    return sorted(path for path in found if path.is_file())


def walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if not path.is_dir():
            yield path
        elif path.name not in MADE and (path.name == ".ci" or not path.name.startswith(".")):
            yield from walk(path)


FILES = project()
PYTHON = [path for path in FILES if path.suffix == ".py"]


def test_the_project_was_found():
    assert Path(__file__) in PYTHON
    assert ROOT / "Makefile" in FILES


def body(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function that are neither signature nor docstring."""
    first = function.body[1:] if ast.get_docstring(function) else function.body
    return 1 + (function.end_lineno or 0) - first[0].lineno if first else 0


def test_files_are_short():
    sizes = {path: len(path.read_text().splitlines()) for path in PYTHON}
    assert {str(path): size for path, size in sizes.items() if size > LINES} == {}


def test_bodies_are_short():
    sizes = {
        f"{path}:{node.lineno} {node.name}": body(node)
        for path in PYTHON
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: size for name, size in sizes.items() if size > BODY} == {}


def assigned(module: ast.Module) -> Iterator[str]:
    """List the names that a module assigns outside of blocks, where one twice is a slip."""
    for statement in module.body:
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        else:
            targets = [statement.target] if isinstance(statement, ast.AnnAssign) else []
        for node in (node for target in targets for node in ast.walk(target)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id != "_":
                yield node.id


def twice(module: ast.Module) -> list[str]:
    return [name for name, times in Counter(assigned(module)).items() if times > 1]


def test_names_are_assigned_once():
    found = {str(path): twice(ast.parse(path.read_text())) for path in PYTHON}
    assert {path: names for path, names in found.items() if names} == {}


def test_operator_is_no_package():
    assert not (ROOT / "operator/__init__.py").exists()


@pytest.mark.parametrize("host", HOSTS, ids=bytes.decode)
def test_no_package_registry_is_named(host):
    assert [str(path) for path in FILES if host in path.read_bytes()] == []
