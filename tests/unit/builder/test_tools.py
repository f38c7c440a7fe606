"""What runs under the base image's Python may import the standard library and its siblings."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import falapp_builder

PACKAGE = Path(falapp_builder.__file__).parent
OURS = ("falapp_builder", "falapp_requirements")


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def reached(tool: str) -> dict[str, set[str]]:
    """Return every module of ours that a tool reaches, with what it imports."""
    found: dict[str, set[str]] = {}
    waiting = [f"falapp_builder.{tool}"]
    while waiting:
        module = waiting.pop()
        path = PACKAGE.parent.joinpath(*module.split(".")).with_suffix(".py")
        if module in found or not path.exists():
            continue
        found[module] = imported(path)
        waiting += [i for i in found[module] if i.startswith(OURS)]
    return found


@pytest.mark.parametrize("tool", ["resolve", "install"])
def test_a_tool_needs_the_standard_library_only(tool: str) -> None:
    roots = {i.split(".")[0] for names in reached(tool).values() for i in names}
    assert roots - set(OURS) <= sys.stdlib_module_names
    expected = {"falapp_requirements.tokens", "falapp_requirements.redact", "falapp_builder.uv"}
    assert expected <= set(reached(tool))


@pytest.mark.parametrize("tool", ["resolve", "install"])
def test_a_launcher_finds_the_package_beside_it(tool: str, tmp_path: Path) -> None:
    for package in OURS:
        (tmp_path / package).symlink_to(PACKAGE.parent / package)
    launcher = tmp_path / f"{tool}.py"
    text = (PACKAGE / "tools" / f"{tool}.py").read_text()
    launcher.write_text(text.replace(f"{tool}.main()", f"print({tool}.__file__)"))
    command = [sys.executable, "-S", "-E", str(launcher)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(tmp_path / "falapp_builder" / f"{tool}.py")
