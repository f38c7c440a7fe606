"""What runs under the base image's Python may import the standard library and its siblings."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import falapp_builder

PACKAGE = Path(falapp_builder.__file__).parent


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def reached(name: str) -> dict[str, set[str]]:
    """Return every module of the package that a module reaches, with what it imports."""
    found: dict[str, set[str]] = {}
    waiting = [name]
    while waiting:
        module = waiting.pop()
        path = PACKAGE / f"{module}.py"
        if module in found or not path.exists():
            continue
        found[module] = imported(path)
        names = (i.partition("falapp_builder.")[2] for i in found[module])
        waiting += [n.split(".")[0] for n in names if n]
    return found


@pytest.mark.parametrize("tool", ["resolve", "install"])
def test_a_tool_needs_the_standard_library_only(tool: str) -> None:
    roots = {i.split(".")[0] for names in reached(tool).values() for i in names}
    assert roots - {"falapp_builder"} <= sys.stdlib_module_names
    assert {"tokens", "redact", "uv"} <= set(reached(tool))


@pytest.mark.parametrize("tool", ["resolve", "install"])
def test_a_launcher_finds_the_package_beside_it(tool: str, tmp_path: Path) -> None:
    (tmp_path / "falapp_builder").symlink_to(PACKAGE)
    launcher = tmp_path / f"{tool}.py"
    text = (PACKAGE / "tools" / f"{tool}.py").read_text()
    launcher.write_text(text.replace(f"{tool}.main()", f"print({tool}.__file__)"))
    command = [sys.executable, "-S", "-E", str(launcher)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(tmp_path / "falapp_builder" / f"{tool}.py")
