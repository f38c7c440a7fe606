"""Base images as registries really have them: one manifest, an index, Docker's types and OCI's."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from falapp_builder.network.registry import connect
from falapp_builder.plan import base
from falapp_builder.plan.base import Base
from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.places import Places
from falapp_registry import reference
from tests.unit.builder.oci import DOCKER, OCI, FakeRegistry, digest_of

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"

Find = Callable[[str], Base]


def put(registry: FakeRegistry, tag: str, kind: str = OCI, **config: Any) -> str:
    """Hold an image with one layer and return its digest."""
    told = {
        "os": "linux",
        "architecture": "amd64",
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{'5' * 64}"]},
    }
    content = json.dumps(told | config).encode()
    descriptor = {"digest": registry.hold(content), "size": len(content), "mediaType": "x/config"}
    layer = {"digest": f"sha256:{'6' * 64}", "size": 10, "mediaType": "x/layer"}
    manifest = {"schemaVersion": 2, "config": descriptor, "layers": [layer]}
    return registry.put(tag, json.dumps(manifest).encode(), kind)


def put_index(registry: FakeRegistry, tag: str, kind: str, **digests: str) -> str:
    entries: list[dict[str, Any]] = [
        {"digest": digest, "platform": {"os": "linux", "architecture": architecture}}
        for architecture, digest in digests.items()
    ]
    unknown = {"os": "unknown", "architecture": "unknown"}
    entries.insert(0, {"digest": f"sha256:{'7' * 64}", "platform": unknown})
    return registry.put(tag, json.dumps({"manifests": entries}).encode(), kind)


@pytest.fixture
def find(places: Places, registry: FakeRegistry) -> Find:
    def found(name: str) -> Base:
        image = reference.parse(f"{registry.host}/team/python{name}")
        with connect(image.name, places, insecure=True, push=False) as source:
            return base.found(source, image, platform="linux/amd64", insecure=True)

    return found


@pytest.mark.parametrize("kind", [OCI, DOCKER, f"{OCI}; charset=utf-8"])
def test_one_manifest(registry: FakeRegistry, find: Find, kind: str) -> None:
    digest = put(registry, "3.11", kind, config={"User": "app"})
    found = find(":3.11")
    assert found.pinned == f"{registry.host}/team/python@{digest}"
    assert (found.digest, found.user, found.insecure) == (digest, "app", True)
    assert found.manifest["layers"][0]["size"] == 10
    assert found.config["architecture"] == "amd64"
    assert find(f"@{digest}") == found
    assert find(f":other@{digest}") == found


@pytest.mark.parametrize("kind", [OCI_INDEX, DOCKER_LIST])
def test_one_of_several_platforms(registry: FakeRegistry, find: Find, kind: str) -> None:
    digests = {"arm64": put(registry, "a", architecture="arm64"), "amd64": put(registry, "b")}
    index = put_index(registry, "latest", kind, **digests)
    for name in ("", ":latest", f"@{index}"):
        assert find(name).digest == digests["amd64"]


def test_no_such_image(find: Find) -> None:
    with pytest.raises(Failure, match=r"/team/python:9: its registry has no 9; give") as caught:
        find(":9")
    assert caught.value.reason is Reason.BASE_IMAGE_UNUSABLE


@pytest.mark.parametrize(
    ("config", "part"),
    [
        ({"architecture": "arm64"}, "is for linux/arm64 and not for linux/amd64"),
        ({"os": "windows"}, "is for windows/amd64 and not"),
        ({"config": {"OnBuild": ["RUN make"]}}, "holds ONBUILD instructions"),
        ({"rootfs": {"diff_ids": []}}, "cannot be used; push the image anew"),
        ({"rootfs": None}, "cannot be used; push the image anew"),
    ],
)
def test_an_image_that_will_not_do(
    registry: FakeRegistry, find: Find, config: dict[str, Any], part: str
) -> None:
    put(registry, "3.11", **config)
    with pytest.raises(Failure, match=part) as caught:
        find(":3.11")
    assert caught.value.reason is Reason.BASE_IMAGE_UNUSABLE


@pytest.mark.parametrize(
    ("config", "name"),
    [
        ({"Env": ["A=1", "PATH=/opt/env/bin:/usr/bin"]}, "PATH"),
        ({"Env": ["PATH=/usr/bin:/usr/../opt//env/"]}, "PATH"),
        ({"Env": ["PATH=/usr/bin://opt/env/bin"]}, "PATH"),
        ({"Env": ["PATH=/usr/bin:bin"], "WorkingDir": "/opt/env"}, "PATH"),
        ({"Env": ["PATH=/usr/bin:"], "WorkingDir": "/opt/env/bin"}, "PATH"),
        ({"Env": ["PYTHONPATH=/srv:/opt/env/lib/python3.11/site-packages"]}, "PYTHONPATH"),
        ({"Env": ["PYTHONSTARTUP=/opt/env/x.py"]}, "PYTHONSTARTUP"),
        ({"Env": ["PYTHONHOME=/opt/env"]}, "PYTHONHOME"),
        ({"Env": ["PYTHONUSERBASE=/opt/env"]}, "PYTHONUSERBASE"),
        ({"Env": ["VIRTUAL_ENV=/opt/env"]}, "VIRTUAL_ENV"),
        ({"Env": ["LD_PRELOAD=/lib/a.so /opt/env/lib/b.so"]}, "LD_PRELOAD"),
        ({"Shell": ["/opt/env/bin/sh", "-c"]}, "SHELL"),
    ],
)
def test_an_environments_image(
    registry: FakeRegistry, find: Find, config: dict[str, Any], name: str
) -> None:
    put(registry, "3.11", config=config)
    with pytest.raises(Failure, match=rf"its {name} names /opt/env, .*; give the") as caught:
        find(":3.11")
    assert caught.value.reason is Reason.BASE_IMAGE_UNUSABLE


def test_an_image_that_only_looks_like_one(registry: FakeRegistry, find: Find) -> None:
    env = ["PATH=/opt/envoy/bin:/opt:/usr/bin:env", "PYTHONPATH=", "VIRTUAL_ENV=/srv/opt/env"]
    digest = put(registry, "3.11", config={"Env": env, "WorkingDir": "/app", "Shell": ["/bin/sh"]})
    assert find(":3.11").digest == digest


def test_no_platform_that_fits(registry: FakeRegistry, find: Find) -> None:
    put_index(registry, "latest", OCI_INDEX, arm64=digest_of(b"a"), s390x=digest_of(b"b"))
    with pytest.raises(Failure, match="only for linux/arm64, linux/s390x, unknown/unknown"):
        find("")


@pytest.mark.parametrize(
    ("content", "kind", "part"),
    [
        (b"{}", "application/vnd.docker.distribution.manifest.v1+prettyjws", "in a form that"),
        (b"{}", OCI, "cannot be used"),
        (b"[]", OCI, "cannot be used"),
        (b"nonsense", OCI_INDEX, "cannot be used"),
        (b'{"manifests": [1]}', OCI_INDEX, "only for nothing"),
    ],
)
def test_a_manifest_that_is_none(
    registry: FakeRegistry, find: Find, content: bytes, kind: str, part: str
) -> None:
    registry.put("latest", content, kind)
    with pytest.raises(Failure, match=part) as caught:
        find("")
    assert caught.value.reason is Reason.BASE_IMAGE_UNUSABLE
