"""What resolve writes down of private packages, and what it leaves out: everything secret."""

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from falapp_builder.pod import report
from falapp_builder.pod.places import Places
from falapp_builder.resolve import step
from tests.unit.builder.forge import TOKEN, Forge, project
from tests.unit.builder.index import PASSWORD, SIGNATURE, USER, Index

Ask = Callable[..., None]
pytestmark = pytest.mark.usefixtures("alone")
both = pytest.mark.parametrize("resolver", ["uv", "pip"])


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    with Forge(tmp_path / "forge") as started:
        yield started


@pytest.fixture
def public(tmp_path: Path) -> Iterator[Index]:
    with Index(tmp_path / "public") as started:
        started.open = True
        started.url = f"http://{started.host}/simple/"
        yield started


@pytest.fixture
def give(places: Places) -> Callable[..., list[str]]:
    def given(**values: str) -> list[str]:
        places.secrets.mkdir()
        for name, value in values.items():
            (places.secrets / name).write_text(value)
        return list(values)

    return given


def resolved(places: Places) -> dict[str, dict[str, Any]]:
    step.resolve(places)
    data = json.loads(places.resolved.read_text())
    return {package["name"]: package for package in data["packages"]}


def leaks(text: str, *secrets: str) -> list[str]:
    found = []
    for secret in secrets:
        shapes = (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode())
        found += [shape for shape in shapes if shape in text]
    return found


def written(places: Places) -> str:
    return "".join(path.read_text() for path in places.locks.rglob("*") if path.is_file())


@both
def test_all_forms(
    *,
    places: Places,
    ask: Ask,
    give: Callable[..., list[str]],
    index: Index,
    public: Index,
    forge: Forge,
    capfd: pytest.CaptureFixture[str],
    resolver: str,
) -> None:
    commit = forge.add("fork", project("fork", "1.0"))
    public.add("open", "1.0")
    index.add("closed", "1.0", "open")
    index.add_source("source", "2.0", project("source", "2.0"))
    url = index.add("signed", "3.0")
    names = give(GH=TOKEN, USER=USER, PW=PASSWORD, WHEEL=url)
    layer = [
        *("--index-url", public.url, "--extra-index-url"),
        f"http://${{USER}}:${{PW}}@{index.host}/simple/",
        *("closed", "source", "signed @ ${WHEEL}"),
        f"fork @ git+http://${{GH}}@{forge.host}/fork.git@v1",
    ]
    ask(layer, variables=names, resolver=resolver)
    found = resolved(places)
    kinds = {name: (p["kind"], p["secret"]) for name, p in found.items()}
    assert kinds == {
        "closed": ("wheel", True),
        "open": ("wheel", False),
        "source": ("sdist", True),
        "signed": ("wheel", True),
        "fork": ("git", True),
    }
    repository = f"http://${{GH}}@{forge.host}/fork.git"
    assert found["fork"]["git"] == {"url": repository, "commit": commit}
    assert found["fork"]["url"] == f"git+http://{forge.host}/fork.git@v1"
    assert [file["url"] for file in found["signed"]["files"]] == ["${WHEEL}"]
    assert found["signed"]["files"][0]["name"] == "signed-3.0-py3-none-any.whl"
    everything = written(places) + "".join(capfd.readouterr())
    assert leaks(everything, TOKEN, PASSWORD, SIGNATURE) == []


@both
@pytest.mark.parametrize("status", [0, 401, 403, 404, 500])
def test_git_that_fails(
    *,
    places: Places,
    ask: Ask,
    give: Callable[..., list[str]],
    forge: Forge,
    capfd: pytest.CaptureFixture[str],
    resolver: str,
    status: int,
) -> None:
    """Git prints `could not read Password for 'http://TOKEN@host'` where a token has expired."""
    forge.add("fork", project("fork", "1.0"))
    forge.status = status if status != 401 else 0
    names = give(GH="CANARYexpired" if status == 401 else TOKEN)
    revision = "@nosuchref" if status == 0 else ""
    ask(
        [f"fork @ git+http://${{GH}}@{forge.host}/fork.git{revision}"],
        variables=names,
        resolver=resolver,
    )
    assert report.guarded(lambda: step.resolve(places), places.termination) == 1
    data = json.loads(places.termination.read_text())
    expected = {401: "AccessDenied", 403: "AccessDenied", 500: "IndexUnreachable"}
    assert data["reason"] == expected.get(status, "PackageNotFound")
    assert "`fork @ git+http://${GH}@" in data["message"]
    everything = places.termination.read_text() + "".join(capfd.readouterr())
    assert "CANARY" not in everything
    assert not list(places.locks.iterdir())


@both
@pytest.mark.parametrize("form", ["index", "url"])
def test_hashes_that_do_not_match(
    places: Places, ask: Ask, index: Index, resolver: str, form: str
) -> None:
    url = index.add("alpha", "1.0")
    wrong, right = "0" * 64, index.sha256("alpha", "alpha-1.0-py3-none-any.whl")
    written = "alpha==1.0 --hash=sha256:" if form == "index" else f"alpha @ {url}#sha256="
    ask(["-i", index.url, written + right], resolver=resolver)
    assert resolved(places)["alpha"]["files"][0]["sha256"] == right
    ask(["-i", index.url, written + wrong], resolver=resolver)
    assert report.guarded(lambda: step.resolve(places), places.termination) == 1
    data = json.loads(places.termination.read_text())
    assert data["reason"] == "HashMismatch"
    assert "`alpha" in data["message"]


@both
def test_one_hash_of_two_requirements(
    places: Places, ask: Ask, index: Index, resolver: str
) -> None:
    index.add("alpha", "1.0", "beta")
    index.add("beta", "1.0")
    digest = index.sha256("alpha", "alpha-1.0-py3-none-any.whl")
    ask(["-i", index.url, f"alpha==1.0 --hash=sha256:{digest}", "beta"], resolver=resolver)
    assert set(resolved(places)) == {"alpha", "beta"}
