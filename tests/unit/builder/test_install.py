"""Installing with the real uv from an index on the loopback interface."""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from falapp_builder import install, resolve
from falapp_builder.failure import Failure, Reason
from falapp_builder.places import Places

from .index import Index

Ask = Callable[..., None]


def packages(environment: Path) -> Path:
    (found,) = environment.glob("lib/python*/site-packages")
    return found


def test_a_lock_becomes_files_with_bytecode(
    places: Places, ask: Ask, index: Index, environment: Path
) -> None:
    index.add("alpha", "1.0", "beta")
    index.add("beta", "1.0")
    index.add("beta", "2.0")
    ask(["--index-url", index.url, "alpha"], ["--index-url", index.url, "beta<2"])
    resolve.resolve(places)
    install.install(places, 0)
    there = packages(environment)
    assert (there / "beta/__init__.py").read_text() == "version = '2.0'\n"
    assert not (environment / ".lock").exists()
    compiled = next(there.glob("alpha/__pycache__/*.pyc"))
    before = compiled.stat()
    install.install(places, 1)
    assert (there / "beta/__init__.py").read_text() == "version = '1.0'\n", "later layers win"
    assert next(there.glob("beta/__pycache__/*.pyc"))
    assert compiled.stat() == before, "what an earlier layer compiled is no part of a later one"


def test_no_credentials_stay_in_the_environment(
    places: Places, ask: Ask, index: Index, environment: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ask([f"alpha @ {index.add('alpha', '1.0')}"])
    resolve.resolve(places)
    install.install(places, 0)
    info = packages(environment) / "alpha-1.0.dist-info"
    content = (info / "direct_url.json").read_bytes()
    url = f"http://{index.host}/simple/alpha/alpha-1.0-py3-none-any.whl"
    assert json.loads(content)["url"] == url
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    assert f"direct_url.json,sha256={digest},{len(content)}\n" in (info / "RECORD").read_text()
    files = b"".join(p.read_bytes() for p in environment.rglob("*") if p.is_file())
    assert b"CANARY" not in files
    assert "CANARY" not in "".join(capfd.readouterr())


def test_hashes_are_verified(places: Places, ask: Ask, index: Index, environment: Path) -> None:
    index.add("alpha", "1.0")
    index.wrong_hashes = True
    ask(["--index-url", index.url, "alpha"])
    resolve.resolve(places)
    with pytest.raises(Failure, match=r"`alpha`.*hash mismatch") as caught:
        install.install(places, 0)
    assert caught.value.reason is Reason.INSTALL_FAILED
    assert "Expected:" in caught.value.log


def test_an_empty_layer(places: Places, ask: Ask, environment: Path) -> None:
    ask([])
    resolve.resolve(places)
    install.install(places, 0)
    assert list(packages(environment).glob("*.dist-info")) == []


def test_a_layer_that_does_not_exist(places: Places, ask: Ask) -> None:
    ask([])
    with pytest.raises(Failure, match="there is no layer 3"):
        install.install(places, 3)


@pytest.mark.parametrize("arguments", [[], ["x"], ["-1"], ["0", "1"]])
def test_the_number_of_a_layer(arguments: list[str]) -> None:
    with pytest.raises(Failure, match="needs the number of a layer"):
        install._number(arguments)
