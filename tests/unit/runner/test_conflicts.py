import sys
from pathlib import Path

import pytest

from falapp_runner import conflicts


def distribution(folder: Path, name: str, version: str, *requires: str) -> None:
    home = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    home.mkdir(parents=True)
    lines = [f"Requires-Dist: {each}\n" for each in requires]
    (home / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{''.join(lines)}"
    )


@pytest.fixture
def folders(tmp_path, monkeypatch):
    environment, runtime = tmp_path / "environment", tmp_path / "runtime"
    environment.mkdir()
    runtime.mkdir()
    monkeypatch.setattr(sys, "path", [str(environment), str(runtime)])
    return environment, runtime


def test_nothing_in_common_is_no_conflict(folders):
    environment, runtime = folders
    distribution(runtime, "fal", "1.83.0", "fastapi<0.137", "pillow>=13")
    distribution(runtime, "fastapi", "0.136.3")
    distribution(environment, "pillow", "10.4.0")  # fal asks for another, and never imports it
    assert conflicts.find(runtime) == []


@pytest.mark.parametrize("version", ["0.100", "0.136.3", "0.136.99"])
def test_what_fits_is_no_conflict(folders, version):
    environment, runtime = folders
    distribution(runtime, "fal", "1.83.0", "FastAPI<0.137")
    distribution(runtime, "fastapi", "0.136.3")
    distribution(environment, "fastapi", version)
    assert conflicts.find(runtime) == []


def test_a_conflict_names_both_sides(folders):
    environment, runtime = folders
    distribution(runtime, "fal", "1.83.0", "typing_extensions>=4.7", 'tomli; extra == "toml"')
    distribution(runtime, "typing_extensions", "4.16.0")
    distribution(runtime, "tomli", "2.5")
    distribution(environment, "typing-extensions", "4.5.0")
    distribution(environment, "tomli", "1.0")
    assert conflicts.find(runtime) == [
        "the environment has typing-extensions 4.5.0: fal 1.83.0 needs >=4.7"
    ]


def test_what_the_environment_replaces_needs_nothing_any_more(folders):
    environment, runtime = folders
    distribution(runtime, "pydantic", "2.14.3", "pydantic-core==2.50.4")
    distribution(runtime, "pydantic-core", "2.50.4")
    distribution(environment, "pydantic", "2.9.2", "pydantic-core==2.23.4")
    distribution(environment, "pydantic-core", "2.23.4")
    assert conflicts.find(runtime) == []


def test_a_requirement_that_cannot_be_read_is_passed_over(folders):
    environment, runtime = folders
    distribution(runtime, "old", "1", "fastapi (>dev")
    distribution(environment, "fastapi", "1")
    assert conflicts.find(runtime) == []


def test_many_conflicts_with_one_package_are_one_sentence(folders):
    environment, runtime = folders
    distribution(environment, "six", "1.0")
    distribution(runtime, "six", "2.0")
    for name in "abcde":
        distribution(runtime, name, "1", "six>=2")
    assert conflicts.find(runtime) == [
        "the environment has six 1.0: a 1 needs >=2, b 1 needs >=2, c 1 needs >=2 "
        "and 2 more do not fit"
    ]


@pytest.mark.parametrize(("version", "said"), [("1.83.0", 0), ("1.60.0", 1)])
def test_another_fal_is_mentioned(folders, version, said):
    environment, runtime = folders
    distribution(environment, "fal", version)
    distribution(runtime, "fal", "1.83.0", "fastapi<0.137")
    found = conflicts.find(runtime)
    assert len(found) == said
    assert all("fal 1.60.0, used instead of 1.83.0" in sentence for sentence in found)
