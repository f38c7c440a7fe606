"""The corpus of requirements through both resolvers, against servers on the loopback interface."""

import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from falapp_builder.pod.places import Places
from falapp_builder.resolve import step
from falapp_requirements import credentials
from tests.unit.builder.forge import Forge, project
from tests.unit.builder.index import PASSWORD, USER, Index
from tests.unit.requirements import corpus
from tests.unit.requirements.corpus import Case

Ask = Callable[..., None]
CASES = {case.name: case for case in corpus.ACCEPTED}
WHEELS = {
    "click": ("7.0", "8.0rc1", "8.1.7"),
    "idna": ("3.7",),
    "typing_extensions": ("4.0",),
    "pysocks": ("1.7",),
    "chardet": ("5.0",),
    "setuptools": ("80.0",),
}


pytestmark = pytest.mark.usefixtures("alone")


@dataclass(frozen=True, kw_only=True)
class Hosts:
    """The servers that the corpus asks, with what it asks for."""

    index: Index
    forge: Forge
    commit: str

    def placed(self, case: Case) -> tuple[list[str], dict[str, str]]:
        """Return the items and values of a case with real hosts, digests and commits."""
        files = self.index.page.rstrip("/")
        here = case.at(index=files, files=files, git=f"http://{self.forge.host}")
        digest = self.index.sha256("click", corpus.WHEEL)

        def real(text: str) -> str:
            text = text.replace(corpus.DIGEST, digest).replace(corpus.DIGEST[:40], self.commit)
            return text.replace("u:CANARYpw", f"{USER}:{PASSWORD}")

        found = credentials.separated([map(real, here.items)])
        values = {name: real(value) for name, value in here.values.items()}
        return list(found.layers[0]), values | found.values


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    folder = tmp_path_factory.mktemp("corpus")
    with Index(folder / "index") as index, Forge(folder / "forge") as forge:
        index.open = forge.open = True
        stock(index)
        click = project("click", "8.1.7")
        commit = forge.add("click", click, tag="8.1.7")
        folders = ("packages", "packages/click")
        forge.add("mono", {f"{at}/{path}": text for at in folders for path, text in click.items()})
        yield Hosts(index=index, forge=forge, commit=commit)


def stock(index: Index) -> None:
    for name, versions in WHEELS.items():
        for version in versions:
            index.add(name, version)
    (index.folder / "typing_extensions").rename(index.folder / "typing-extensions")
    extras = ("pysocks; extra == 'socks'", "chardet; extra == 'use_chardet_on_py3'")
    index.add("requests", "2.0", *extras, extras=("socks", "use_chardet_on_py3"))
    index.add_source("click", "8.1.7", project("click", "8.1.7"))
    links = index.folder / "click"
    for name in (corpus.WHEEL, "click-8.1.7.tar.gz"):
        (index.folder / name).write_bytes((links / name).read_bytes())
    page = "".join(f'<a href="{file.name}">{file.name}</a>\n' for file in links.iterdir())
    (index.folder / "links.html").write_text(page)
    (index.folder / "b").mkdir()
    # An archive of another name than its package's: only its metadata tells.
    socks = project("requests", "2.0", "pysocks; extra == 'socks'", extras=("socks",))
    with zipfile.ZipFile(index.folder / "requests.zip", "w") as archive:
        for path, text in socks.items():
            archive.writestr(f"requests-2.0/{path}", text)


@pytest.mark.parametrize("resolver", ["uv", "pip"])
@pytest.mark.parametrize("name", CASES)
def test_a_case(*, places: Places, ask: Ask, hosts: Hosts, resolver: str, name: str) -> None:
    case = CASES[name]
    layer, values = hosts.placed(case)
    if not any(item.startswith(("-i", "--index-url")) for item in layer):
        layer = ["--index-url", hosts.index.page, *layer]
    places.secrets.mkdir()
    for variable, value in values.items():
        (places.secrets / variable).write_text(value)
    ask(layer, variables=list(values), resolver=resolver)
    step.resolve(places)
    text = places.resolved.read_text()
    assert set(case.packages) <= {package["name"] for package in json.loads(text)["packages"]}
    assert "CANARY" not in text
