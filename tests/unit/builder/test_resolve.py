"""Resolving with the real uv against an index on the loopback interface."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from falapp_builder import lock, report, resolve
from falapp_builder.failure import Failure, Reason
from falapp_builder.places import Places

from .index import Index

Ask = Callable[..., None]


@pytest.fixture
def stocked(index: Index) -> Index:
    index.add("alpha", "1.0", "beta>=1")
    index.add("alpha", "2.0", "beta>=2")
    index.add("alpha", "3.0rc1")
    index.add("beta", "1.0")
    index.add("beta", "2.0")
    return index


def versions(places: Places, layer: int) -> dict[str, str]:
    return {p.name: p.version for p in lock.read(places.lock(layer))}


def test_a_layer_becomes_a_lock_with_hashes(places: Places, ask: Ask, stocked: Index) -> None:
    ask(["--index-url", stocked.url, "alpha<2"])
    resolve.resolve(places)
    assert versions(places, 0) == {"alpha": "1.0", "beta": "2.0"}
    assert places.lock(0).read_text().count("sha256 = ") == 2


def test_options(places: Places, ask: Ask, stocked: Index) -> None:
    ask([f"-i {stocked.url}", "--pre", "--only-binary=:all:", 'beta; python_version<"3"', "alpha"])
    resolve.resolve(places)
    assert versions(places, 0) == {"alpha": "3.0rc1"}


def test_a_later_layer_keeps_versions_and_replaces_them_when_it_must(
    places: Places, ask: Ask, stocked: Index
) -> None:
    options = ["--index-url", stocked.url]
    ask([*options, "beta==1.0"], [*options, "alpha==1.0"], [*options, "alpha>1"])
    resolve.resolve(places)
    assert versions(places, 1) == {"alpha": "1.0", "beta": "1.0"}
    assert versions(places, 2) == {"alpha": "2.0", "beta": "2.0"}


def test_a_later_layer_keeps_what_came_from_a_url(places: Places, ask: Ask, stocked: Index) -> None:
    url = stocked.add("beta", "1.5")
    options = ["--index-url", stocked.url]
    ask([f"beta@{url}"], [*options, "alpha==1.0"], [*options, "alpha==2.0"], [*options, "beta"])
    resolve.resolve(places)
    (kept,) = (p for p in lock.read(places.lock(1)) if p.name == "beta")
    assert (kept.version, kept.address) == ("1.5", url)
    assert versions(places, 2) == {"alpha": "2.0", "beta": "2.0"}, "it cannot be kept"
    assert versions(places, 3) == {"beta": "2.0"}, "an explicit wish is one"


def test_nothing_to_resolve(places: Places, ask: Ask) -> None:
    ask()
    resolve.resolve(places)
    assert not places.locks.exists()
    ask([])
    resolve.resolve(places)
    assert versions(places, 0) == {}


def test_the_failure_names_the_requirement_and_hides_credentials(
    places: Places, ask: Ask, stocked: Index, capfd: pytest.CaptureFixture[str]
) -> None:
    ask(["--index-url", stocked.url, "Nope_Nothing==1", "alpha"])
    assert report.guarded(lambda: resolve.resolve(places), places.termination) == 1
    data = json.loads(places.termination.read_text())
    assert data["reason"] == "PackageNotFound"
    assert "`Nope_Nothing==1`" in data["message"]
    assert "nope-nothing was not found" in data["logTail"]
    said = "".join(capfd.readouterr())
    assert "nope-nothing was not found" in said
    assert "CANARY" not in said + places.termination.read_text()


@pytest.mark.parametrize("line", ["alpha===>2", "alpha; python_verson<'3'", "alpha==1.0.x"])
def test_what_only_uv_finds_malformed(places: Places, ask: Ask, stocked: Index, line: str) -> None:
    ask(["--index-url", stocked.url, "beta", line])
    with pytest.raises(Failure) as caught:
        resolve.resolve(places)
    assert caught.value.reason is Reason.INVALID_REQUIREMENT
    assert f"`{line}` is not one that pip accepts" in caught.value.message


def test_a_refused_token_names_its_layer(places: Places, ask: Ask) -> None:
    ask(["click"], ["-r x"])
    with pytest.raises(Failure, match=r"^layer 1: requirement `-r x` reads a file") as caught:
        resolve.resolve(places)
    assert caught.value.reason is Reason.INVALID_REQUIREMENT


def test_another_python_than_asked_for(places: Places, ask: Ask) -> None:
    ask(pythonVersion="2.7")
    with pytest.raises(Failure, match=r"Python 2\.7 is asked for") as caught:
        resolve.resolve(places)
    assert caught.value.reason is Reason.BUILD_FAILED


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"environment": "e"}', "\x00"])
def test_a_request_of_another_version(places: Places, text: str) -> None:
    places.request.write_text(text)
    with pytest.raises(Failure, match="builder and operator differ"):
        resolve.resolve(places)


def test_nothing_is_left_behind(
    places: Places, ask: Ask, stocked: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    ask(["--index-url", stocked.url, "alpha"])
    resolve.resolve(places)
    assert list(scratch.iterdir()) == []
