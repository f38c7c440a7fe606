import json
from collections.abc import Callable

import pytest

from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.places import Places
from falapp_builder.publish import dockerfile
from tests.unit.builder.layouts import BASE, base_config, write_layout
from tests.unit.builder.oci import OCI, FakeRegistry, digest_of

RUN = b"what a RUN left"


@pytest.fixture
def built(places: Places, registry: FakeRegistry, ask: Callable[..., None]) -> Places:
    """A Dockerfile that was built: the base's layers and one more."""
    ask(image=f"{registry.host}/team/environments", base="", cache="cache-1")
    write_layout(places.sources_layout, [("RUN true", RUN)])
    return places


def test_the_image_is_pushed_as_it_was_built(built: Places, registry: FakeRegistry) -> None:
    dockerfile.publish(built)
    media_type, raw = registry.manifests["env-key"]
    found = json.loads(raw)
    assert media_type == OCI
    assert [layer["digest"] for layer in found["layers"]] == [digest_of(c) for c in (*BASE, RUN)]
    size = sum(map(len, (*BASE, RUN)))
    assert found["annotations"] == {
        "falapp.dev/environment": "env-1",
        "falapp.dev/packages": "0",
        "falapp.dev/size": str(size),
    }
    config = json.loads(registry.blobs[found["config"]["digest"]])
    assert config["config"] == base_config()["config"]
    result = json.loads(built.termination.read_text())
    assert (result["digest"], result["size"]) == (digest_of(raw), size)
    assert result["bytes"] == size + len(registry.blobs[found["config"]["digest"]])


def test_what_the_registry_has_is_not_sent_again(built: Places, registry: FakeRegistry) -> None:
    for content in BASE:
        registry.hold(content)
    dockerfile.publish(built)
    assert not set(BASE) & set(registry.sent)
    assert RUN in registry.sent


def test_a_layer_that_is_another_tenants_is_not_taken(
    built: Places, registry: FakeRegistry
) -> None:
    registry.hold(RUN)
    blob = built.sources_layout / "blobs" / "sha256" / digest_of(RUN).removeprefix("sha256:")
    blob.write_bytes(b"x" * len(RUN))
    with pytest.raises(Failure) as caught:
        dockerfile.publish(built)
    assert caught.value.reason is Reason.BUILD_FAILED
    assert "env-key" not in registry.manifests


def test_a_link_to_our_credentials_is_no_layer(built: Places, registry: FakeRegistry) -> None:
    built.push.write_text("{}")
    blob = built.sources_layout / "blobs" / "sha256" / digest_of(RUN).removeprefix("sha256:")
    blob.unlink()
    blob.symlink_to(built.push)
    with pytest.raises(Failure):
        dockerfile.publish(built)
    assert not registry.manifests
