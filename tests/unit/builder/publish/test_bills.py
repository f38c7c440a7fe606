"""The lock and the bill of materials that go with an image."""

import json
import tomllib
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.pylock import Pylock

from falapp_builder.pod.planned import Base, Package, Plan
from falapp_builder.publish import pylock, sbom

SHA = "0123456789abcdef" * 4
COMMIT = "c0ffee" * 6 + "c0ff"
URL = "https://files.example/"


def package(name: str = "alpha", **changes: Any) -> Package:
    file = f"{name}-1.0-py3-none-any.whl"
    fields = {
        "name": name,
        "version": "1.0",
        "kind": "wheel",
        "url": URL + file,
        "file": file,
        "sha256": SHA,
        "size": 10,
        "repository": "",
        "commit": "",
        "subdirectory": "",
    }
    return Package(**(fields | changes))


WHEEL = package()
SDIST = package(
    "beta", kind="sdist", file="beta-1.0.tar.gz", url=f"{URL}beta-1.0.tar.gz", size=None
)
ARCHIVE = package("delta", kind="archive", file="main.zip", url=f"{URL}main.zip", subdirectory="d")
SECRET = package("epsilon", url="")
GIT = package(
    "gamma",
    kind="git",
    version="",
    url="",
    file="",
    sha256="",
    size=None,
    repository="https://git.example/team/gamma",
    commit=COMMIT,
    subdirectory="python",
)
ALL = (GIT, SDIST, WHEEL, SECRET, ARCHIVE)


def plan(*packages: Package) -> Plan:
    base = Base(pinned="registry.example/python@sha256:1", insecure=False, layers=(), config={})
    return Plan(base=base, groups=(), packages=packages)


def test_the_lock_is_one_by_the_specification() -> None:
    data = tomllib.loads(pylock.pylock(plan(*ALL)).decode())
    lock = Pylock.from_dict(data)
    lock.validate()
    assert [p.name for p in lock.packages] == ["alpha", "beta", "delta", "epsilon", "gamma"]
    alpha, beta, delta, epsilon, gamma = lock.packages
    (wheel,) = alpha.wheels or ()
    assert (wheel.name, wheel.url, wheel.size) == (WHEEL.file, WHEEL.url, 10)
    assert wheel.hashes == {"sha256": SHA}
    assert beta.sdist
    assert (beta.sdist.url, beta.sdist.size) == (SDIST.url, None)
    assert delta.archive
    assert (delta.archive.url, delta.archive.subdirectory) == (ARCHIVE.url, "d")
    (secret,) = epsilon.wheels or ()
    assert (secret.url, secret.path, secret.hashes) == (None, SECRET.file, {"sha256": SHA})
    assert gamma.vcs
    assert gamma.version is None
    assert (gamma.vcs.url, gamma.vcs.commit_id) == (GIT.repository, COMMIT)
    assert gamma.vcs.subdirectory == "python"


def test_the_lock_of_nothing() -> None:
    assert Pylock.from_dict(tomllib.loads(pylock.pylock(plan()).decode())).packages == []


def bill(*packages: Package) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sbom.sbom(plan(*packages), "registry.example/e", "env-key"))
    return found


def complaint(document: str) -> str:
    """What the schema of CycloneDX 1.6 says against a document; nothing against a good one."""
    return str(JsonStrictValidator(SchemaVersion.V1_6).validate_str(document) or "")


@pytest.mark.parametrize("packages", [ALL, ()])
def test_the_bill_is_one_by_the_schema(packages: tuple[Package, ...]) -> None:
    assert complaint(sbom.sbom(plan(*packages), "registry.example/e", "env-key").decode()) == ""


def test_the_schema_finds_what_is_wrong() -> None:
    wrong = bill(WHEEL)
    wrong["components"][0]["hashes"][0]["content"] = "short"
    assert "short" in complaint(json.dumps(wrong))


def test_the_bill_names_the_image_and_its_base() -> None:
    found = bill(*ALL)
    assert (found["bomFormat"], found["specVersion"], found["version"]) == ("CycloneDX", "1.6", 1)
    image = found["metadata"]["component"]
    assert (image["name"], image["version"]) == ("registry.example/e", "env-key")
    assert image["components"][0]["name"] == "registry.example/python@sha256:1"
    references = [component["bom-ref"] for component in found["components"]]
    assert len(references) == len(set(references)) == len(ALL)


def test_a_package_from_an_index_in_the_bill() -> None:
    assert bill(package(version="1.0+cu1"))["components"] == [
        {
            "type": "library",
            "bom-ref": "pkg:pypi/alpha@1.0%2Bcu1",
            "name": "alpha",
            "version": "1.0+cu1",
            "purl": "pkg:pypi/alpha@1.0%2Bcu1",
            "hashes": [{"alg": "SHA-256", "content": SHA}],
            "externalReferences": [{"type": "distribution", "url": WHEEL.url}],
        }
    ]


def test_a_package_from_git_in_the_bill() -> None:
    vcs_url = f"git%2Bhttps%3A%2F%2Fgit.example%2Fteam%2Fgamma%40{COMMIT}"
    assert bill(GIT)["components"] == [
        {
            "type": "library",
            "bom-ref": f"pkg:pypi/gamma?vcs_url={vcs_url}",
            "name": "gamma",
            "purl": f"pkg:pypi/gamma?vcs_url={vcs_url}",
            "externalReferences": [{"type": "vcs", "url": GIT.repository}],
        }
    ]


def test_a_package_from_a_secret_address_in_the_bill() -> None:
    (component,) = bill(SECRET)["components"]
    assert "externalReferences" not in component


@pytest.mark.parametrize("make", [pylock.pylock, lambda p: sbom.sbom(p, "e", "t")])
def test_the_same_packages_give_the_same_bytes(make: Any) -> None:
    assert make(plan(*ALL)) == make(plan(*reversed(ALL)))
    assert make(plan(WHEEL)) != make(plan(package(sha256="f" * 64)))
