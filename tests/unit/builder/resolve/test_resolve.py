"""Resolving with the real uv and the real pip against an index on the loopback interface."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from falapp_builder.pod import report
from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.places import Places
from falapp_builder.resolve import step
from tests.unit.builder.index import Index

Ask = Callable[..., None]
pytestmark = pytest.mark.usefixtures("alone")
both = pytest.mark.parametrize("resolver", ["uv", "pip"])


@pytest.fixture
def stocked(index: Index) -> Index:
    index.add("alpha", "1.0", "beta>=1")
    index.add("alpha", "2.0", "beta>=2")
    index.add("alpha", "3.0rc1")
    index.add("beta", "1.0")
    index.add("beta", "2.0")
    return index


def resolved(places: Places) -> dict[str, dict[str, Any]]:
    step.resolve(places)
    data = json.loads(places.resolved.read_text())
    return {package["name"]: package for package in data["packages"]}


def versions(places: Places) -> dict[str, str]:
    return {name: package["version"] for name, package in resolved(places).items()}


@both
def test_a_layer_becomes_files_with_hashes(
    places: Places, ask: Ask, stocked: Index, resolver: str
) -> None:
    ask(["--index-url", stocked.url, "alpha<2"], resolver=resolver)
    found = resolved(places)
    assert {name: p["version"] for name, p in found.items()} == {"alpha": "1.0", "beta": "2.0"}
    (file,) = found["beta"]["files"]
    assert file["name"] == "beta-2.0-py3-none-any.whl"
    assert file["url"] == f"http://{stocked.host}/simple/beta/{file['name']}"
    assert file["sha256"] == stocked.sha256("beta", file["name"])
    assert (found["beta"]["kind"], found["beta"]["layer"]) == ("wheel", 0)
    assert "url" not in found["beta"]


@both
def test_what_is_known_of_the_python(places: Places, ask: Ask, resolver: str) -> None:
    ask([], resolver=resolver)
    assert resolved(places) == {}
    data = json.loads(places.resolved.read_text())
    assert data["tags"][0].startswith("cp3")
    assert data["tags"].index("py3-none-any") > 0


@both
def test_options(places: Places, ask: Ask, stocked: Index, resolver: str) -> None:
    layer = [f"-i {stocked.url}", "--pre", "--only-binary=:all:", 'beta; python_version<"3"']
    ask([*layer, "alpha"], resolver=resolver)
    assert versions(places) == {"alpha": "3.0rc1"}


@both
def test_a_later_layer_keeps_versions_and_replaces_them_when_it_must(
    places: Places, ask: Ask, stocked: Index, resolver: str
) -> None:
    options = ["--index-url", stocked.url]
    ask([*options, "beta==1.0"], [*options, "alpha==1.0"], resolver=resolver)
    assert versions(places) == {"alpha": "1.0", "beta": "1.0"}
    ask([*options, "beta==1.0"], [*options, "alpha>1"], resolver=resolver)
    found = resolved(places)
    assert (found["alpha"]["version"], found["beta"]["version"]) == ("2.0", "2.0")
    assert found["beta"]["layer"] == 1


@both
def test_a_later_layer_keeps_what_came_from_a_url(
    places: Places, ask: Ask, stocked: Index, resolver: str
) -> None:
    url = stocked.add("beta", "1.5")
    options = ["--index-url", stocked.url]
    ask([f"beta@{url}"], [*options, "alpha==1.0"], resolver=resolver)
    found = resolved(places)
    plain = f"http://{stocked.host}/simple/beta/beta-1.5-py3-none-any.whl"
    assert (found["beta"]["version"], found["beta"]["url"]) == ("1.5", plain)
    assert found["beta"]["layer"] == 0
    ask([f"beta@{url}"], [*options, "alpha==2.0"], resolver=resolver)
    assert versions(places)["beta"] == "2.0", "it cannot be kept"


@both
def test_the_failure_names_the_requirement_and_hides_credentials(
    places: Places, ask: Ask, stocked: Index, capfd: pytest.CaptureFixture[str], resolver: str
) -> None:
    ask(["--index-url", stocked.url, "Nope_Nothing==1", "alpha"], resolver=resolver)
    assert report.guarded(lambda: step.resolve(places), places.termination) == 1
    data = json.loads(places.termination.read_text())
    assert data["reason"] == "PackageNotFound"
    assert "`Nope_Nothing==1`" in data["message"]
    said = "".join(capfd.readouterr())
    assert "nope" in said.lower()
    assert "CANARY" not in said + places.termination.read_text()


@both
@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("columns", ["", "20"])
def test_an_index_that_refuses_access(  # noqa: PLR0917
    places: Places,
    ask: Ask,
    stocked: Index,
    monkeypatch: pytest.MonkeyPatch,
    resolver: str,
    status: int,
    columns: str,
) -> None:
    """A base image that has a width for terminals breaks no line of what is said."""
    monkeypatch.setenv("COLUMNS", columns)
    stocked.refusal = status
    ask(["--index-url", stocked.url, "beta"], resolver=resolver)
    with pytest.raises(Failure) as caught:
        step.resolve(places)
    assert caught.value.reason is Reason.ACCESS_DENIED
    assert f"`beta`: {stocked.host} refused access ({status})" in caught.value.message
    assert "CANARY" not in caught.value.message + caught.value.log


@pytest.mark.parametrize("line", ["alpha===>2", "alpha; python_verson<'3'", "alpha==1.0.x"])
def test_what_only_uv_finds_malformed(places: Places, ask: Ask, stocked: Index, line: str) -> None:
    ask(["--index-url", stocked.url, "beta", line])
    with pytest.raises(Failure) as caught:
        step.resolve(places)
    assert caught.value.reason is Reason.INVALID_REQUIREMENT
    assert f"`{line}` is not one that pip accepts" in caught.value.message


def test_a_malformed_requirement_behind_a_url_with_a_hash(
    places: Places, ask: Ask, stocked: Index
) -> None:
    ask([f"beta @ {stocked.url}beta-1.0-py3-none-any.whl#sha256={'a' * 64}", "alpha===>2"])
    with pytest.raises(Failure, match=r"`alpha===>2` is not one that pip accepts"):
        step.resolve(places)


def test_a_refused_token_names_its_layer(places: Places, ask: Ask) -> None:
    ask(["click"], ["-r x"])
    with pytest.raises(Failure, match=r"^layer 1: requirement `-r x` reads a file") as caught:
        step.resolve(places)
    assert caught.value.reason is Reason.INVALID_REQUIREMENT


def test_a_variable_without_a_value(places: Places, ask: Ask) -> None:
    ask(["x @ https://${TOKEN}@h.example/x.whl"], variables=["TOKEN"])
    with pytest.raises(Failure, match=r"\$\{TOKEN\}, which has no value") as caught:
        step.resolve(places)
    assert caught.value.reason is Reason.INVALID_REQUIREMENT


def test_another_python_than_asked_for(places: Places, ask: Ask) -> None:
    ask(pythonVersion="2.7")
    with pytest.raises(Failure, match=r"Python 2\.7 is asked for") as caught:
        step.resolve(places)
    assert caught.value.reason is Reason.BASE_IMAGE_UNUSABLE


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"environment": "e"}', "\x00"])
def test_a_request_of_another_version(places: Places, text: str) -> None:
    places.request.write_text(text)
    with pytest.raises(Failure, match="builder and operator differ"):
        step.resolve(places)


@both
def test_nothing_is_left_behind(
    places: Places, ask: Ask, stocked: Index, monkeypatch: pytest.MonkeyPatch, resolver: str
) -> None:
    scratch = places.tools.parent / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    ask(["--index-url", stocked.url, "alpha"], resolver=resolver)
    step.resolve(places)
    assert list(scratch.iterdir()) == []


@both
def test_no_argument_holds_a_credential(
    places: Places, ask: Ask, stocked: Index, tmp_path: Path, resolver: str
) -> None:
    """Programs in front of uv and python write their arguments down."""
    noted = tmp_path / "arguments"
    real = places.uv.readlink()
    places.uv.unlink()
    places.uv.write_text(f'#!/bin/sh\necho "$@" >> {noted}\nexec {real} "$@"\n')
    places.uv.chmod(0o755)
    pip = places.pip.resolve()
    places.pip.unlink()
    places.pip.mkdir()
    (places.pip / "__main__.py").write_text(
        f"import sys, runpy\nopen({str(noted)!r}, 'a').write(str(sys.argv))\n"
        f"sys.argv[0] = {str(pip)!r}\nsys.path[0] = {str(pip.parent)!r}\n"
        "runpy.run_module('pip', run_name='__main__')\n"
    )
    ask(["--index-url", stocked.url, f"beta @ {stocked.add('beta', '2.5')}"], resolver=resolver)
    step.resolve(places)
    assert noted.read_text()
    assert "CANARY" not in noted.read_text()


@both
@pytest.mark.parametrize("status", [401, 403])
def test_a_page_of_links_that_refuses_access(
    places: Places, ask: Ask, stocked: Index, tmp_path: Path, resolver: str, status: int
) -> None:
    stocked.refusal = status
    with Index(tmp_path / "empty") as empty:
        empty.open = True
        ask(["--index-url", empty.page, "--find-links", stocked.url, "beta"], resolver=resolver)
        with pytest.raises(Failure) as caught:
            step.resolve(places)
    assert caught.value.reason is Reason.ACCESS_DENIED
    assert f": {stocked.host} refused access ({status})" in caught.value.message
    assert "CANARY" not in caught.value.message + caught.value.log
