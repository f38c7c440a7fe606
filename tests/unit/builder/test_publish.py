import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from falapp_builder import layout, lock, publish, report
from falapp_builder.failure import Failure, Reason
from falapp_builder.places import Places

from .oci import DOCKER, OCI, FakeRegistry, make_layout

Ask = Callable[..., None]
LABELS = {"falapp.dev/environment": "env-1", "falapp.dev/packages": "2"}


def write_lock(path: Path, *names: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(lock.preferences(lock.Package(name=name, version="1") for name in names))


@pytest.mark.parametrize("media_type", [DOCKER, OCI])
def test_what_is_pushed(places: Places, ask: Ask, registry: FakeRegistry, media_type: str) -> None:
    image = make_layout(places.layout, media_type)
    write_lock(places.lock(0), "alpha", "beta")
    write_lock(places.lock(1), "beta")
    ask(["a"], ["b"], image=f"{registry.host}/team/environments")
    publish.publish(places)

    sent_type, raw = registry.manifests["env-key"]
    manifest = json.loads(raw)
    assert sent_type == manifest["mediaType"] == OCI
    assert [layer["digest"] for layer in manifest["layers"]] == image.layers
    assert manifest["annotations"] == LABELS
    config = json.loads(registry.blobs[manifest["config"]["digest"]])
    assert config["config"] == {"Env": ["A=1"], "Labels": {"own": "label", **LABELS}}
    assert set(registry.blobs) == {*image.layers, manifest["config"]["digest"]}
    assert registry.log[-1] == "PUT /v2/team/environments/manifests/env-key", "the manifest last"

    result = json.loads(places.termination.read_text())
    assert result.pop("seconds") >= 0
    assert result == {
        "digest": layout.sha256(raw),
        "packages": 2,
        "bytes": 405,
        "layersUploaded": 2,
        "layersTotal": 3,
    }


def test_what_the_registry_has_is_not_uploaded(
    places: Places, ask: Ask, registry: FakeRegistry, image: SimpleNamespace
) -> None:
    registry.blobs[image.layers[0]] = b"base" * 100
    ask(image=f"{registry.host}/e")
    publish.publish(places)
    first = json.loads(places.termination.read_text())
    assert (first["layersUploaded"], first["bytes"]) == (1, 5)
    registry.log.clear()
    publish.publish(places)
    again = json.loads(places.termination.read_text())
    assert (again["layersUploaded"], again["bytes"]) == (0, 0)
    assert not [line for line in registry.log if line.startswith("POST")]
    assert again["digest"] == first["digest"]


def test_nothing_is_reported_when_the_push_fails(
    places: Places, ask: Ask, registry: FakeRegistry, image: SimpleNamespace
) -> None:
    registry.faults["PUT /v2/e/manifests"] = [403]
    ask(image=f"{registry.host}/e")
    assert report.guarded(lambda: publish.publish(places), places.termination) == 1
    data = json.loads(places.termination.read_text())
    assert data["reason"] == "PublishFailed"
    assert "403 DENIED" in data["message"]


@pytest.mark.parametrize(
    ("image", "insecure", "expected"),
    [
        ("registry.example/a/b", False, ("https://registry.example", "a/b")),
        ("kind-registry:5000/e", True, ("http://kind-registry:5000", "e")),
        ("localhost/e", True, ("http://localhost", "e")),
    ],
)
def test_addresses(image: str, insecure: bool, expected: tuple[str, str]) -> None:
    assert publish.address(image, insecure) == expected


@pytest.mark.parametrize("image", ["environments", "team/environments", "registry.example"])
def test_an_image_without_registry(image: str) -> None:
    with pytest.raises(Failure, match="names no registry"):
        publish.address(image, insecure=False)


def _absent(folder: Path) -> None:
    (folder / "index.json").unlink()


def _empty(folder: Path) -> None:
    (folder / "index.json").write_text("{}")


def _climbing(folder: Path) -> None:
    text = (folder / "index.json").read_text().replace("sha256:", "sha256:../../")
    (folder / "index.json").write_text(text)


def _cut(folder: Path) -> None:
    for blob in (folder / "blobs/sha256").iterdir():
        if blob.read_bytes().startswith(b"base"):
            blob.write_bytes(b"base")


@pytest.mark.parametrize("spoil", [_absent, _empty, _climbing, _cut])
def test_an_incomplete_layout(image: SimpleNamespace, spoil: Callable[[Path], None]) -> None:
    spoil(image.folder)
    with pytest.raises(Failure, match="incomplete") as caught:
        layout.read(image.folder, {})
    assert caught.value.reason is Reason.BUILD_FAILED
