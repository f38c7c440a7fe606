"""What runs under the base image's Python may import the standard library and its siblings."""

import ast
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import falapp_builder

PACKAGE = Path(falapp_builder.__file__).parent
ROOT = PACKAGE.parent
OURS = ("falapp_builder", "falapp_requirements")
TOOLS = sorted((PACKAGE / "tools").glob("*.py"))
LAUNCHERS = pytest.mark.parametrize("launcher", TOOLS, ids=lambda path: path.stem)


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def reached(launcher: Path) -> set[Path]:
    """Return every file of ours that a launcher reaches, itself included."""
    found: set[Path] = set()
    waiting = [launcher]
    while waiting:
        path = waiting.pop()
        if path in found or not path.exists():
            continue
        found.add(path)
        ours = (ROOT.joinpath(*i.split(".")) for i in imported(path) if i.startswith(OURS))
        waiting += [way for o in ours for way in (o.with_suffix(".py"), o / "__init__.py")]
    return found


def folders(launcher: Path) -> set[Path]:
    """Return the folders that a launcher reaches into: all that is in them is for every Python."""
    return {path.parent for path in reached(launcher)} - {PACKAGE}


def test_both_tools_and_their_folders_are_found():
    assert [path.stem for path in TOOLS] == ["install", "resolve"]
    for launcher in TOOLS:
        names = {str(path.relative_to(ROOT)) for path in folders(launcher)}
        own = f"falapp_builder/{launcher.stem}"
        shared = {"falapp_builder/programs", "falapp_builder/pod", "falapp_requirements"}
        assert names == {own, "falapp_builder/tools"} | shared


@LAUNCHERS
def test_a_tool_needs_the_standard_library_only(launcher: Path) -> None:
    files = {file for folder in folders(launcher) for file in folder.glob("*.py")}
    names = {file: {i.split(".")[0] for i in imported(file)} for file in files}
    allowed = sys.stdlib_module_names | set(OURS)
    assert {str(file): found - allowed for file, found in names.items() if found - allowed} == {}


@LAUNCHERS
def test_a_launcher_finds_the_package_beside_it(launcher: Path, tmp_path: Path) -> None:
    for package in OURS:
        (tmp_path / package).symlink_to(ROOT / package)
    text = launcher.read_text()
    assert "step.main()" in text
    (tmp_path / launcher.name).write_text(text.replace("step.main()", "print(step.__file__)"))
    command = [sys.executable, "-S", "-E", str(tmp_path / launcher.name)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    step = tmp_path / "falapp_builder" / launcher.stem / "step.py"
    assert done.stdout.strip() == os.fspath(step)


@pytest.mark.parametrize("step", ["plan", "publish"])
def test_a_step_of_the_builders_image_starts_as_a_module(
    step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    monkeypatch.setattr(f"falapp_builder.{step}.step.main", lambda: started.append(step))
    runpy.run_module(f"falapp_builder.{step}", run_name="__main__")
    assert started == [step]
