"""The addresses of layers: what is shared with whom."""

from dataclasses import replace
from typing import Any

import pytest

from falapp_builder.plan import groups, hashes
from falapp_builder.plan.hashes import Ground, Group
from falapp_builder.plan.wheels import Choice
from falapp_builder.pod.packages import Git
from tests.unit.builder.made import choice, file, source

GROUND = Ground(
    base=f"sha256:{'1' * 64}",
    python="3.11",
    platform="linux/amd64",
    resolver="uv",
    namespace="team",
    private=False,
    options={0: ("--index-url=https://a.example/simple",), 1: ()},
)


def addressed(*choices: Choice, **changes: Any) -> dict[str, Group]:
    found = hashes.addressed(groups.cut(choices), replace(GROUND, **changes))
    return {f"{g.cut.kind} {' '.join(c.name for c in g.cut.choices)}".strip(): g for g in found}


def test_the_first_version_of_addresses() -> None:
    """A change here builds every layer of every environment anew: make it a new version."""
    found = addressed(choice("alpha"), choice("torch", 700), source("beta"))
    assert {name: group.identity for name, group in found.items()} == {
        "venv": "d69c7613a01e2a84",
        "wheels torch": "4c76cd441e796f29",
        "wheels alpha": "283b4a7b9a699036",
        "sources beta": "ee2422aed3d33aa8",
    }
    assert found["venv"].tag == f"layer-{found['venv'].hash}"
    assert len(found["venv"].hash) == 64


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("base", f"sha256:{'2' * 64}"),
        ("python", "3.12"),
        ("platform", "linux/arm64"),
        ("resolver", "pip"),
    ],
)
def test_the_ground_counts(field: str, value: str) -> None:
    choices = [choice("alpha"), source("beta")]
    before, after = addressed(*choices), addressed(*choices, **{field: value})
    assert {g.hash for g in before.values()} & {g.hash for g in after.values()} == set()


def test_wheels_are_for_everybody_and_sources_for_their_namespace() -> None:
    choices = [choice("alpha"), source("beta")]
    before, after = addressed(*choices), addressed(*choices, namespace="other")
    same = [name for name in before if before[name].hash == after[name].hash]
    assert same == ["venv", "wheels alpha"]


def test_what_came_through_a_secret_is_for_its_namespace() -> None:
    choices = [choice("alpha", secret=True), choice("torch", 700)]
    before, after = addressed(*choices), addressed(*choices, namespace="other")
    same = [name for name in before if before[name].hash == after[name].hash]
    assert same == ["venv", "wheels torch"]


def test_sources_that_see_the_wheels_depend_on_them() -> None:
    options = {0: (), 1: ("--no-build-isolation",)}
    one = addressed(choice("alpha"), source("beta", layer=1), options=options)
    other = addressed(choice("alpha", version="2.0"), source("beta", layer=1), options=options)
    assert one["sources beta"].hash != other["sources beta"].hash
    one, other = (addressed(choice(name), source("beta")) for name in ("alpha", "gamma"))
    assert one["sources beta"].hash == other["sources beta"].hash


def test_one_layer_that_is_not_isolated_makes_all_sources_depend_on_the_wheels() -> None:
    options = {0: (), 1: ("--no-build-isolation",), 2: ("--no-build-isolation",)}
    sources = [source("beta"), source("gamma", layer=1)]
    one = addressed(choice("alpha"), *sources, options=options)
    other = addressed(choice("alpha", version="2.0"), *sources, options=options)
    assert one["sources beta gamma"].hash != other["sources beta gamma"].hash
    one = addressed(choice("alpha", layer=2), source("beta"), options=options)
    other = addressed(choice("alpha", layer=2, version="2.0"), source("beta"), options=options)
    assert one["sources beta"].hash == other["sources beta"].hash, "nothing is built in layer 2"


INDEX = "--index-url=https://b.example/simple"


@pytest.mark.parametrize(
    "changes",
    [
        {"options": {0: (INDEX,), 1: ()}},
        {"options": {0: (), 1: ()}},
        {"options": {0: ("--index-url=${INDEX}",), 1: ()}},
        {"options": {0: (*GROUND.options[0], f"--extra-{INDEX[2:]}"), 1: ()}},
        {"private": True},
        {"namespace": "other"},
    ],
)
def test_where_build_requirements_come_from_counts(changes: dict[str, Any]) -> None:
    """Whoever chooses the index chooses what runs while a package is built."""
    choices = [choice("alpha"), source("beta")]
    before, after = addressed(*choices), addressed(*choices, **changes)
    same = [name for name in before if before[name].hash == after[name].hash]
    assert same == ["venv", "wheels alpha"]


def test_options_of_layers_that_build_nothing_do_not_count() -> None:
    choices = [choice("alpha", layer=1), source("beta")]
    before = addressed(*choices)
    after = addressed(*choices, options={**GROUND.options, 1: (INDEX,)})
    assert before == after


def test_it_counts_which_package_is_built_with_which_options() -> None:
    one = addressed(source("beta"), source("gamma", layer=1))
    other = addressed(source("beta", layer=1), source("gamma"))
    assert one["sources beta gamma"].hash != other["sources beta gamma"].hash


@pytest.mark.parametrize(
    "changes",
    [
        {"version": "2.0"},
        {"url": "https://files.example/a.whl"},
        {"git": Git(url="https://forge.example/a", commit="1" * 40)},
        {"git": Git(url="https://forge.example/a", commit="2" * 40)},
        {"subdirectory": "python"},
    ],
)
def test_a_package_counts(changes: dict[str, Any]) -> None:
    git = {"git": Git(url="https://forge.example/a", commit="0" * 40)} if "git" in changes else {}
    before, after = addressed(source("a", **git)), addressed(source("a", **git | changes))
    assert before["sources a"].hash != after["sources a"].hash


def test_a_file_counts_and_where_it_is_does_not() -> None:
    one = choice("a")
    assert one.file
    moved = replace(one, file=replace(one.file, url="https://mirror.example/a.whl"))
    assert addressed(one) == addressed(one)
    assert addressed(one)["wheels a"].hash == addressed(moved)["wheels a"].hash
    other = replace(one, file=file("b-1.0-py3-none-any.whl"))
    assert addressed(one)["wheels a"].hash != addressed(other)["wheels a"].hash
