import json
from typing import Any

import pytest

from falapp_builder.pod import planned
from falapp_builder.pod.planned import Base, Layer
from falapp_builder.publish import assembly
from tests.unit.builder.layouts import ALPHA, BASE, VENV_GROUP, Group, base_config, diff_id
from tests.unit.builder.oci import OCI, digest_of

ANNOTATIONS = {"falapp.dev/environment": "env-1", "falapp.dev/packages": "2"}
PATH = "PATH=/opt/env/bin:/own/bin:/bin"


def layer_of(
    content: bytes, media_type: str = "application/vnd.docker.image.rootfs.diff.tar.gzip"
) -> Layer:
    return Layer(
        digest=digest_of(content),
        size=len(content),
        media_type=media_type,
        diff_id=diff_id(content),
    )


def base(**changes: Any) -> Base:
    config = base_config() | changes
    layers = tuple(layer_of(content) for content in BASE)
    return Base(pinned="registry.example/b@sha256:1", insecure=False, layers=layers, config=config)


def group(given: Group) -> tuple[planned.Group, Layer]:
    made = planned.Group(
        identity=given.id, hash=given.hash, kind=given.kind, packages=(given.name,), layer=None
    )
    return made, layer_of(given.content)


GROUPS = [group(VENV_GROUP), group(ALPHA)]


def made(ground: Base, groups: list[tuple[planned.Group, Layer]] = GROUPS) -> tuple[Any, Any]:
    document = assembly.image(ground, groups, ANNOTATIONS)
    (config,) = document.blobs
    manifest = json.loads(document.manifest)
    assert manifest["config"] == {
        "mediaType": "application/vnd.oci.image.config.v1+json",
        "digest": digest_of(config),
        "size": len(config),
    }
    assert document.digest == digest_of(document.manifest)
    return manifest, json.loads(config)


def test_an_image_is_the_base_and_the_groups_on_it() -> None:
    manifest, config = made(base())
    contents = [*BASE, VENV_GROUP.content, ALPHA.content]
    assert manifest["mediaType"] == OCI
    assert manifest["annotations"] == ANNOTATIONS
    assert manifest["layers"] == [
        {
            "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
            "digest": digest_of(content),
            "size": len(content),
        }
        for content in contents
    ]
    assert config["rootfs"] == {"type": "layers", "diff_ids": [diff_id(c) for c in contents]}
    assert config["config"] == {
        "Env": [PATH, "A=1"],
        "Labels": {"own": "label", **ANNOTATIONS},
        "User": "1",
    }
    assert (config["architecture"], config["created"]) == ("amd64", "2020-02-02T00:00:00Z")


def test_the_same_parts_give_the_same_image() -> None:
    first = assembly.image(base(), GROUPS, ANNOTATIONS)
    assert assembly.image(base(), GROUPS, dict(ANNOTATIONS)) == first
    assert assembly.image(base(), GROUPS[:1], ANNOTATIONS) != first


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        (None, f"PATH=/opt/env/bin:{assembly._DEFAULT_PATH}"),
        ([], f"PATH=/opt/env/bin:{assembly._DEFAULT_PATH}"),
        (["PATH=/x=y"], "PATH=/opt/env/bin:/x=y"),
        (["PATHS=1", "PATH=/x"], "PATH=/opt/env/bin:/x"),
    ],
)
def test_the_environments_programs_come_first(env: list[str] | None, expected: str) -> None:
    _, config = made(base(config={"Env": env}))
    assert [e for e in config["config"]["Env"] if e.startswith("PATH=")] == [expected]
    assert ("PATHS=1" in config["config"]["Env"]) == ("PATHS=1" in (env or ()))


@pytest.mark.parametrize("parts", [None, {}, {"Labels": None}])
def test_a_base_that_says_little(parts: dict[str, Any] | None) -> None:
    _, config = made(base(config=parts))
    assert config["config"]["Labels"] == ANNOTATIONS


@pytest.mark.parametrize(
    "history", [None, [], base_config()["history"], base_config()["history"][1:]]
)
def test_every_layer_has_its_line_of_history(history: list[Any] | None) -> None:
    _, config = made(base(history=history))
    told = [entry for entry in config["history"] if not entry.get("empty_layer")]
    assert len(told) == len(config["rootfs"]["diff_ids"])
    assert told[-1] == {"created_by": f"falapp wheels {ALPHA.id} alpha"}
    assert [entry for entry in config["history"] if entry in (history or [])] == (history or [])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("vnd.docker.image.rootfs.diff.tar.gzip", "vnd.oci.image.layer.v1.tar+gzip"),
        ("vnd.docker.image.rootfs.diff.tar.zstd", "vnd.oci.image.layer.v1.tar+zstd"),
        ("vnd.docker.image.rootfs.diff.tar", "vnd.oci.image.layer.v1.tar"),
        ("vnd.oci.image.layer.v1.tar+zstd", "vnd.oci.image.layer.v1.tar+zstd"),
        ("vnd.other", "vnd.other"),
    ],
)
def test_docker_and_oci_have_names_of_their_own(given: str, expected: str) -> None:
    entry, _ = group(ALPHA)
    manifest, _ = made(base(), [(entry, layer_of(b"x", f"application/{given}"))])
    assert manifest["layers"][-1]["mediaType"] == f"application/{expected}"


def test_a_groups_manifest_is_an_image_of_one_layer() -> None:
    _, layer = group(ALPHA)
    document = assembly.group(base(), layer)
    manifest, config = json.loads(document.manifest), json.loads(document.blobs[0])
    assert [entry["digest"] for entry in manifest["layers"]] == [layer.digest]
    assert manifest["annotations"] == {
        "falapp.dev/diff-id": layer.diff_id,
    }
    assert config["rootfs"]["diff_ids"] == [layer.diff_id]
    assert (config["os"], config["architecture"]) == ("linux", "amd64")


def test_records_name_their_image() -> None:
    image = assembly.image(base(), GROUPS, ANNOTATIONS)
    document = assembly.records(image, [("text/x", "x.txt", b"content")])
    manifest = json.loads(document.manifest)
    assert manifest["subject"] == {
        "mediaType": OCI,
        "digest": image.digest,
        "size": len(image.manifest),
    }
    (told,) = manifest["layers"]
    assert (told["mediaType"], told["digest"]) == ("text/x", digest_of(b"content"))
    assert told["annotations"] == {"org.opencontainers.image.title": "x.txt"}
    assert set(document.blobs) == {b"{}", b"content"}
    assert manifest["artifactType"] == "application/vnd.falapp.lock.v1"
