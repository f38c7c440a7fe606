"""From a resolved environment to what two Kaniko containers do."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from falapp_builder.plan import dockerfile, step
from falapp_builder.pod import planned, recipe
from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.places import Places
from falapp_builder.pod.recipe import Item
from tests.unit.builder.index import PASSWORD, SIGNATURE, USER, Index
from tests.unit.builder.oci import FakeRegistry, digest_of

from .test_base import put

Ask = Callable[..., None]
TAGS = ["cp311-cp311-manylinux_2_17_x86_64", "py3-none-any"]
COMMIT = "0123456789" * 4


class Pod:
    """A build pod before plan, with a base image in the registry."""

    def __init__(self, places: Places, ask: Ask, registry: FakeRegistry, index: Index) -> None:
        self.places, self.index, self.registry = places, index, registry
        self.base = put(registry, "3.11")
        self.image = f"{registry.host}/environments"
        self._ask = ask

    def wheel(self, name: str, **changes: Any) -> dict[str, Any]:
        """A package with a wheel that the index has, as resolve writes it."""
        self.index.add(name, "1.0")
        path = self.index.folder / name / f"{name}-1.0-py3-none-any.whl"
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        url = f"http://{self.index.host}/simple/{name}/{path.name}"
        size = path.stat().st_size
        file = {"url": url, "name": path.name, "size": size, "sha256": digest}
        files = [file | changes.pop("file", {})]
        known = {"name": name, "version": "1.0", "kind": "wheel", "files": files, "layer": 0}
        return known | {"secret": False} | changes

    def sdist(self, name: str, **changes: Any) -> dict[str, Any]:
        """A package with a source distribution that the index has."""
        path = self.index.folder / name / f"{name}-1.0.tar.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        url = f"http://{self.index.host}/simple/{name}/{path.name}"
        file = {"url": url, "name": path.name, "size": len(name), "sha256": digest}
        return {"name": name, "version": "1.0", "kind": "sdist", "files": [file]} | changes

    def plan(self, *packages: dict[str, Any], **changes: Any) -> planned.Plan:
        """Run plan and return what publish reads of it."""
        known = {"base": f"{self.registry.host}/team/python:3.11", "image": self.image}
        layers = changes.pop("layers", [["--index-url=${INDEX}", "--pre", "alpha"]])
        self.places.secrets.mkdir(exist_ok=True)
        (self.places.secrets / "INDEX").write_text(self.index.url)
        self._ask(*layers, **known | {"variables": ["INDEX"]} | changes)
        self.places.locks.mkdir(exist_ok=True)
        resolved = {"tags": TAGS, "packages": packages}
        self.places.resolved.write_text(json.dumps(resolved))
        step.plan(self.places)
        return planned.read(self.places.plan_file)

    def publish(self, made: planned.Plan, *kinds: str, content: bytes = b"layer") -> str:
        """Let the registry have the layers of groups."""
        digest = self.registry.hold(content)
        for group in made.groups:
            if group.kind in kinds:
                layer = {"digest": digest, "size": len(content), "mediaType": "x/gzip"}
                notes = {"falapp.dev/diff-id": digest_of(b"diff")}
                manifest = {"layers": [layer], "annotations": notes}
                self.registry.put(group.tag, json.dumps(manifest).encode())
        return digest

    def text(self, name: str) -> str:
        return (self.places.plan / f"{name}.Dockerfile").read_text()

    def fetched(self) -> set[str]:
        found = self.places.wheels
        return {path.name for path in found.glob("*/*")} if found.exists() else set()

    def start(self) -> str:
        return f"FROM {self.registry.host}/team/python@{self.base}\n{dockerfile.VENV}\n"


@pytest.fixture
def pod(places: Places, ask: Ask, registry: FakeRegistry, index: Index) -> Pod:
    return Pod(places, ask, registry, index)


def run(*identities: str) -> str:
    return f"RUN python3 -B /kaniko/falapp/install.py {' '.join(identities)}\n"


def test_everything_is_new(pod: Pod) -> None:
    made = pod.plan(pod.wheel("alpha"), pod.wheel("torch", file={"size": 100 << 20}))
    assert [group.kind for group in made.groups] == ["venv", "wheels", "wheels"]
    assert [group.packages for group in made.groups] == [(), ("torch",), ("alpha",)]
    assert all(group.layer is None for group in made.groups)
    _, torch, alpha = (group.identity for group in made.groups)
    assert pod.text("wheels") == pod.start() + run(torch) + run(alpha)
    assert pod.text("sources") == dockerfile.NOTHING
    assert pod.fetched() == {"alpha-1.0-py3-none-any.whl", "torch-1.0-py3-none-any.whl"}
    assert made.base.pinned.endswith(f"/team/python@{pod.base}")
    written = recipe.read(pod.places.group(alpha))
    (item,) = written.packages
    assert (written.kind, written.resolver, written.variables) == ("wheels", "uv", ())
    assert Path(item.path).read_bytes().startswith(b"PK")
    assert item.direct is None


def test_only_what_is_missing_is_fetched_and_built(pod: Pod) -> None:
    packages = pod.wheel("alpha"), pod.wheel("torch", file={"size": 100 << 20})
    digest = pod.publish(pod.plan(*packages), "venv", "wheels")
    there = pod.plan(*packages)
    assert {group.layer.digest for group in there.groups if group.layer} == {digest}
    assert pod.text("wheels") == pod.text("sources") == dockerfile.NOTHING
    for path in pod.places.wheels.glob("*/*"):
        path.unlink()
    more = pod.plan(*packages, pod.wheel("beta"))
    assert [group.layer is None for group in more.groups] == [False, False, True]
    assert pod.text("wheels") == pod.start() + run(more.groups[2].identity)
    assert pod.fetched() == {"alpha-1.0-py3-none-any.whl", "beta-1.0-py3-none-any.whl"}


def test_a_manifest_that_outlived_its_layer(pod: Pod) -> None:
    digest = pod.publish(pod.plan(pod.wheel("alpha")), "venv", "wheels")
    del pod.registry.blobs[digest]
    assert all(group.layer is None for group in pod.plan(pod.wheel("alpha")).groups)


@pytest.mark.parametrize("content", [b"{}", b"nonsense", b'{"layers": []}', b"[]"])
def test_a_manifest_that_is_no_layers(pod: Pod, content: bytes) -> None:
    made = pod.plan()
    pod.registry.put(made.groups[0].tag, content)
    assert pod.plan().groups[0].layer is None


def test_an_empty_environment_is_a_venv(pod: Pod) -> None:
    made = pod.plan()
    assert [group.kind for group in made.groups] == ["venv"]
    assert pod.text("wheels") == pod.start()
    pod.publish(made, "venv")
    pod.plan()
    assert pod.text("wheels") == dockerfile.NOTHING


def test_sources(pod: Pod) -> None:
    git = {
        "name": "gamma",
        "version": "2.0",
        "kind": "git",
        "files": [],
        "git": {"url": "https://${INDEX}@forge.example/g.git", "commit": COMMIT},
        "subdirectory": "python",
        "url": "https://forge.example/g.git@v2",
        "layer": 1,
        "secret": True,
    }
    made = pod.plan(
        pod.wheel("alpha"), pod.sdist("beta"), git, layers=[["alpha"], ["--index-url ${INDEX}"]]
    )
    group = made.groups[-1]
    assert (group.kind, group.packages) == ("sources", ("beta", "gamma"))
    assert pod.text("wheels") == pod.start() + run(made.groups[1].identity)
    assert pod.text("sources") == pod.start() + run(group.identity)
    assert "beta-1.0.tar.gz" in pod.fetched()
    written = recipe.read(pod.places.group(group.identity))
    assert written.options == {"0": (), "1": ("--index-url=${INDEX}",)}
    assert written.variables == ("INDEX",)
    assert written.packages[1] == Item(
        name="gamma",
        version="2.0",
        repository="https://${INDEX}@forge.example/g.git",
        commit=COMMIT,
        subdirectory="python",
        layer=1,
        direct={
            "url": "https://forge.example/g.git",
            "vcs_info": {"vcs": "git", "commit_id": COMMIT, "requested_revision": "v2"},
            "subdirectory": "python",
        },
    )
    package = made.packages[-1]
    assert (package.repository, package.commit) == ("https://forge.example/g.git", COMMIT)


def test_sources_that_see_the_wheels_get_all_of_them(pod: Pod) -> None:
    packages = pod.wheel("alpha"), pod.sdist("beta", layer=1)
    layers = [["--index-url=${INDEX}", "alpha"], ["--no-build-isolation", "beta"]]
    pod.publish(pod.plan(*packages, layers=layers), "venv", "wheels")
    for path in pod.places.wheels.glob("*/*"):
        path.unlink()
    made = pod.plan(*packages, layers=layers)
    _, alpha, beta = (group.identity for group in made.groups)
    assert pod.text("wheels") == dockerfile.NOTHING
    assert pod.text("sources") == pod.start() + run(alpha) + run(beta)
    assert pod.fetched() == {"alpha-1.0-py3-none-any.whl", "beta-1.0.tar.gz"}
    options = {"0": ("--index-url=${INDEX}",), "1": ("--no-build-isolation",)}
    assert recipe.read(pod.places.group(beta)).options == options
    pod.publish(made, "sources")
    pod.plan(*packages, layers=layers)
    assert pod.text("sources") == dockerfile.NOTHING


def test_a_layer_that_builds_nothing_need_not_be_isolated(pod: Pod) -> None:
    packages = pod.wheel("alpha", layer=1), pod.sdist("beta")
    layers = [["--index-url=${INDEX}", "beta"], ["--no-build-isolation", "alpha"]]
    pod.publish(pod.plan(*packages, layers=layers), "venv", "wheels")
    made = pod.plan(*packages, layers=layers)
    assert pod.text("sources") == pod.start() + run(made.groups[-1].identity)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            {"layers": [["--index-url=${INDEX}", "beta"]]},
            {"layers": [["--extra-index-url=${INDEX}", "beta"]]},
        ),
        ({"private": False}, {"private": True}),
    ],
)
def test_sources_of_other_options_are_others(
    pod: Pod, first: dict[str, Any], second: dict[str, Any]
) -> None:
    packages = pod.wheel("alpha"), pod.sdist("beta")
    pod.publish(pod.plan(*packages, **first), "venv", "wheels", "sources")
    again, other = pod.plan(*packages, **first), pod.plan(*packages, **second)
    assert [group.layer is None for group in again.groups] == [False, False, False]
    assert [group.layer is None for group in other.groups] == [False, False, True]


def test_no_credentials_are_written(pod: Pod, capfd: pytest.CaptureFixture[str]) -> None:
    """Files that the wheels' container sees, and what goes to the registry, hold none."""
    url = f"http://{pod.index.host}/simple/alpha/alpha-1.0-py3-none-any.whl?sig=${{SIG}}"
    (pod.places.secrets).mkdir()
    (pod.places.secrets / "SIG").write_text(SIGNATURE)
    alpha = pod.wheel("alpha", url=url, file={"url": url})
    beta = pod.wheel("beta", url="${WHOLE}", file={"url": "${WHOLE}"})
    (pod.places.secrets / "WHOLE").write_text(pod.index.add("beta", "1.0"))
    made = pod.plan(alpha, beta, variables=["INDEX", "SIG", "WHOLE"])
    written = "".join(p.read_text() for p in pod.places.plan.rglob("*") if p.is_file())
    said = written + "".join(capfd.readouterr())
    assert not any(secret in said for secret in (USER, PASSWORD, SIGNATURE, "${"))
    assert [package.url for package in made.packages] == [url.partition("?")[0], ""]
    first, second = recipe.read(pod.places.group(made.groups[1].identity)).packages
    assert first.direct
    assert first.direct["url"] == url.partition("?")[0]
    assert first.direct["archive_info"]["hashes"] == {"sha256": first.sha256}
    assert second.direct is None


def test_a_file_that_fits_nothing(pod: Pod) -> None:
    file = {"name": "alpha-1.0-cp311-cp311-win_amd64.whl"}
    with pytest.raises(Failure, match="only files for cp311-cp311-win_amd64") as caught:
        pod.plan(pod.wheel("alpha", file=file))
    assert caught.value.reason is Reason.NO_MATCHING_WHEEL


DIFFERENT = [
    1,
    {"name": "../alpha", "kind": "wheel"},
    {"name": "alpha"},
    {"name": "alpha", "kind": "git", "git": {"url": "https://h/x", "commit": "--upload-pack=x"}},
]


@pytest.mark.parametrize(
    "content",
    ["", "{}", *(json.dumps({"tags": [], "packages": [p]}) for p in DIFFERENT)],
)
def test_the_steps_differ(pod: Pod, content: str) -> None:
    pod.plan()
    pod.places.resolved.write_text(content)
    with pytest.raises(Failure, match="what resolve found cannot be read"):
        step.plan(pod.places)


def test_a_base_in_another_registry_is_asked_by_tls(
    pod: Pod, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked = step.registry.connect, dict[str, bool]()

    def connect(image: str, *args: Any, insecure: bool, **rest: Any) -> Any:
        asked[image] = insecure
        return real(image, *args, insecure=insecure, **rest)

    monkeypatch.setattr(step.registry, "connect", connect)
    monkeypatch.setattr("falapp_builder.network.exchange._ATTEMPTS", 1)
    with pytest.raises(Failure) as caught:
        pod.plan(base="127.0.0.1:1/python:3")
    assert asked == {"127.0.0.1:1/python:3": False}
    assert caught.value.reason is Reason.REGISTRY_UNREACHABLE
