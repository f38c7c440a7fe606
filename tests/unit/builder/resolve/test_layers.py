"""What an earlier layer chose stays where a later one, with options of its own, allows it."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from falapp_builder.pod.places import Places
from falapp_builder.programs import tool
from falapp_builder.resolve import kept, step
from falapp_builder.resolve.lock import File, Package
from falapp_builder.resolve.scratch import Layer
from falapp_requirements import tokens
from tests.unit.builder.forge import TOKEN, Forge, project
from tests.unit.builder.index import PASSWORD, USER, Index

Ask = Callable[..., None]
pytestmark = pytest.mark.usefixtures("alone")
both = pytest.mark.parametrize("resolver", ["uv", "pip"])


@pytest.fixture
def ordinary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """The index that is asked where nothing else is said."""
    with Index(tmp_path / "ordinary") as started:
        started.open = True
        started.add("alpha", "1.0", "beta[x]>=1")
        started.add("alpha", "2.0", "beta>=1")
        started.add("newer", "1.0", "beta>=2", "gamma")
        started.add("moved", "1.0", "beta>=1")
        started.add("moved", "2.0", "beta>=2")
        started.add("beta", "1.0", extras=("x",))
        started.add("beta", "2.0", extras=("x",))
        started.add("gamma", "2.0")
        for name in ("UV_INDEX_URL", "PIP_INDEX_URL"):
            monkeypatch.setitem(tool._SETTINGS, name, started.page)
        yield started


@pytest.fixture
def special(index: Index) -> Index:
    """The one that an earlier layer names, with a login."""
    index.add("beta", "1.0+local", extras=("x",))
    index.add("gamma", "1.0+local")
    index.add("rough", "2.0.dev1")
    return index


@pytest.fixture
def resolved(places: Places, ask: Ask) -> Callable[..., dict[str, Any]]:
    def resolve(*layers: list[str], **changes: Any) -> dict[str, Any]:
        ask(*layers, **changes)
        step.resolve(places)
        data = json.loads(places.resolved.read_text())
        return {package["name"]: package for package in data["packages"]}

    return resolve


def chosen(packages: dict[str, Any]) -> dict[str, tuple[str, int]]:
    return {name: (package["version"], package["layer"]) for name, package in packages.items()}


LATER = {
    "in passing": (["alpha"], {"alpha": ("2.0", 1), "beta": ("1.0+local", 0)}),
    "with an extra": (["alpha==1.0"], {"alpha": ("1.0", 1), "beta": ("1.0+local", 0)}),
    "by its name": (["alpha", "beta==1.0"], {"alpha": ("2.0", 1), "beta": ("1.0+local", 0)}),
    "in disagreement": (["newer"], {"newer": ("1.0", 1), "beta": ("2.0", 1)}),
    "in its newest version": (["moved"], {"moved": ("2.0", 1), "beta": ("2.0", 1)}),
    "by its name and otherwise": (["beta>1.0"], {"beta": ("2.0", 1)}),
}


@both
@pytest.mark.parametrize("case", LATER)
def test_what_a_later_layers_index_lacks(
    *, special: Index, ordinary: Index, resolved: Callable[..., Any], resolver: str, case: str
) -> None:
    """What one package must be replaced for says nothing of another, here gamma."""
    later, expected = LATER[case]
    options = ["--extra-index-url", special.url]
    found = resolved([*options, "beta==1.0", "gamma==1.0"], later, resolver=resolver)
    assert chosen(found) == {"gamma": ("1.0+local", 0), **expected}
    index = special if found["beta"]["layer"] == 0 else ordinary
    assert found["beta"]["files"][0]["url"].startswith(index.page)


@both
def test_a_development_version(
    special: Index, ordinary: Index, resolved: Callable[..., Any], resolver: str
) -> None:
    ordinary.add("rough", "1.0")
    ordinary.add("user", "1.0", "rough")
    options = ["--pre", "--extra-index-url", special.url]
    found = resolved([*options, "rough"], ["user"], resolver=resolver)
    assert chosen(found) == {"rough": ("2.0.dev1", 0), "user": ("1.0", 1)}


@both
def test_a_file_with_the_hash_that_was_given(
    index: Index, ordinary: Index, resolved: Callable[..., Any], resolver: str
) -> None:
    index.add("beta", "1.0")
    index.add("beta", "1.0", tag="py30-none-any")
    name = "beta-1.0-py30-none-any.whl"
    pinned = f"beta==1.0 --hash=sha256:{index.sha256('beta', name)}"
    found = resolved(["-i", index.url, pinned], ["alpha"], resolver=resolver)
    assert chosen(found) == {"alpha": ("2.0", 1), "beta": ("1.0", 0)}
    assert [file["name"] for file in found["beta"]["files"]] == [name]


@both
def test_what_is_secret_stays_so(
    *,
    places: Places,
    special: Index,
    ordinary: Index,
    resolved: Callable[..., Any],
    capfd: pytest.CaptureFixture[str],
    resolver: str,
) -> None:
    places.secrets.mkdir()
    (places.secrets / "PW").write_text(PASSWORD)
    options = ["--extra-index-url", f"http://{USER}:${{PW}}@{special.host}/simple/"]
    asked = [[*options, "beta==1.0"], ["alpha"]]
    found = resolved(*asked, variables=["PW"], resolver=resolver)
    secret = {name: (package["layer"], package["secret"]) for name, package in found.items()}
    assert secret == {"alpha": (1, False), "beta": (0, True)}
    written = places.resolved.read_text() + "".join(capfd.readouterr())
    assert PASSWORD not in written


@both
def test_a_package_is_built_as_the_layer_says_that_took_it(
    ordinary: Index, resolved: Callable[..., Any], resolver: str
) -> None:
    """Its build sees the first layer; the last one's would not."""
    ordinary.headers = {"Cache-Control": "max-age=365000000, immutable, public"}  # as PyPI says
    ordinary.add_source("kernel", "1.0", project("kernel", "1.0", extra="import beta"))
    ordinary.add("user", "1.0", "kernel")
    asked = [["beta==1.0"], ["--no-build-isolation", "kernel"], ["user", "newer"]]
    found = resolved(*asked, resolver=resolver)
    expected = {"beta": ("2.0", 2), "kernel": ("1.0", 1), "user": ("1.0", 2)}
    assert chosen(found) == expected | {"newer": ("1.0", 2), "gamma": ("2.0", 2)}


@both
def test_a_source_that_a_later_layers_index_lacks(
    special: Index, ordinary: Index, resolved: Callable[..., Any], resolver: str
) -> None:
    special.add_source("source", "1.0", project("source", "1.0"))
    ordinary.add("source", "2.0")
    ordinary.add("user", "1.0", "source")
    found = resolved(["-i", special.url, "source"], ["user"], resolver=resolver)
    assert chosen(found) == {"source": ("1.0", 0), "user": ("1.0", 1)}
    assert found["source"]["kind"] == "sdist"


@both
def test_a_wheel_of_that_version_that_does_not_fit(
    special: Index, ordinary: Index, resolved: Callable[..., Any], resolver: str
) -> None:
    special.add("wheel", "1.0")
    ordinary.add("wheel", "1.0", tag="cp27-none-win32")
    ordinary.add("wheel", "2.0")
    ordinary.add("user", "1.0", "wheel")
    found = resolved(["-i", special.url, "wheel"], ["user"], resolver=resolver)
    assert chosen(found) == {"wheel": ("1.0", 0), "user": ("1.0", 1)}


def test_a_link_has_the_login_of_the_nearest_index(tmp_path: Path) -> None:
    indexes = ["a:1@h.example", "a:2@h.example/team/simple", "a:3@other.example/team/simple/x"]
    asked = tokens.parse([f"--extra-index-url=https://{index}" for index in indexes])
    urls = ["h.example/team/files/x-1.whl?a=1&b=2", "b@h.example/x.zip", "third.example/x.zip"]
    files = tuple(File(url=f"https://{url}") for url in urls)
    found = Package(name="x", version="1", files=files)
    kept.write([Layer(arguments=asked, packages=(found,))], (), tmp_path, isolated=True)
    page = (tmp_path / "kept" / "x" / "index.html").read_text()
    assert re.findall(r'href="https://([^"]*)"', page) == [
        "a:2@h.example/team/files/x-1.whl?a=1&amp;b=2",
        "b@h.example/x.zip",
        "third.example/x.zip",
    ]


@both
def test_another_address_of_its_own(
    *,
    special: Index,
    ordinary: Index,
    resolved: Callable[..., Any],
    capfd: pytest.CaptureFixture[str],
    resolver: str,
) -> None:
    url = f"{ordinary.page}beta/beta-1.0-py3-none-any.whl"
    found = resolved([f"beta @ {special.add('beta', '1.5')}"], [f"beta @ {url}"], resolver=resolver)
    assert (found["beta"]["layer"], found["beta"]["url"]) == (1, url)
    assert "once more" not in capfd.readouterr().out


def test_a_hash_of_its_own(special: Index, ordinary: Index, resolved: Callable[..., Any]) -> None:
    name = "beta-1.0-py3-none-any.whl"
    pinned = f"beta==1.0 --hash=sha256:{ordinary.sha256('beta', name)}"
    found = resolved(["-i", special.url, "beta"], [pinned])
    assert (found["beta"]["layer"], found["beta"]["files"][0]["name"]) == (1, name)


@both
def test_one_of_two_addresses_is_replaced(
    special: Index, ordinary: Index, resolved: Callable[..., Any], resolver: str
) -> None:
    urls = [f"{name} @ {special.add(name, '1.5')}" for name in ("beta", "gamma")]
    found = resolved(urls, ["newer"], resolver=resolver)
    assert chosen(found) == {"newer": ("1.0", 1), "beta": ("2.0", 1), "gamma": ("1.5", 0)}


@both
def test_git_with_a_login(
    tmp_path: Path, ordinary: Index, resolved: Callable[..., Any], resolver: str
) -> None:
    with Forge(tmp_path / "forge") as forge:
        forge.add("beta", project("beta", "1.5"))
        url = f"git+http://{TOKEN}@{forge.host}/beta.git@v1"
        found = resolved([f"beta @ {url}"], ["alpha", "beta"], resolver=resolver)
    assert (found["beta"]["kind"], found["beta"]["layer"]) == ("git", 0)
    assert found["beta"]["url"] == f"git+http://{forge.host}/beta.git@v1"
