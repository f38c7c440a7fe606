from collections.abc import Iterator
from io import BytesIO

import httpx
import pytest

from falapp_builder.failure import Failure, Reason
from falapp_builder.layout import sha256
from falapp_builder.registry import Registry

from .oci import FakeRegistry

CONTENT = b"content" * 1000
DIGEST = sha256(CONTENT)


class Pushing:
    """A registry under test, and the pauses it took."""

    def __init__(self, client: httpx.Client, host: str) -> None:
        self.pauses: list[float] = []
        self.registry = Registry(client, f"http://{host}", "team/e", self.pauses.append)


@pytest.fixture
def pushing(registry: FakeRegistry) -> Iterator[Pushing]:
    with httpx.Client() as client:
        yield Pushing(client, registry.host)


@pytest.mark.parametrize(
    "location",
    [
        "http://{host}/v2/{repository}/blobs/uploads/u1?_state=a%2Fb%3D%3D",
        "http://{host}/v2/{repository}/blobs/uploads/u1",
        "/v2/{repository}/blobs/uploads/u1?_state=a%2Fb%3D%3D",
        "/v2/{repository}/blobs/uploads/u1",
        "u1",
    ],
)
def test_locations(pushing: Pushing, registry: FakeRegistry, location: str) -> None:
    registry.location = location
    assert not pushing.registry.has(DIGEST)
    pushing.registry.upload(DIGEST, len(CONTENT), lambda: BytesIO(CONTENT))
    assert registry.blobs == {DIGEST: CONTENT}
    assert pushing.registry.has(DIGEST)
    assert registry.log[2].startswith("PUT /v2/team/e/blobs/uploads/u1?")


@pytest.mark.parametrize("status", [404, 405, 400])
def test_a_registry_that_cannot_be_asked_gets_the_blob(
    pushing: Pushing, registry: FakeRegistry, status: int
) -> None:
    registry.faults["HEAD"] = [status]
    assert not pushing.registry.has(DIGEST)


def test_a_redirect_to_storage_means_that_it_is_there(
    pushing: Pushing, registry: FakeRegistry
) -> None:
    registry.faults["HEAD"] = [307]
    assert pushing.registry.has(DIGEST)


@pytest.mark.parametrize("fault", [0, 500, 503, 429])
@pytest.mark.parametrize("step", ["POST uploads", "PUT uploads"])
def test_faults_that_pass(pushing: Pushing, registry: FakeRegistry, step: str, fault: int) -> None:
    registry.faults[step] = [fault, fault]
    pushing.registry.upload_bytes(DIGEST, CONTENT)
    assert registry.blobs == {DIGEST: CONTENT}
    assert pushing.pauses == [1, 2]


@pytest.mark.parametrize(
    ("fault", "reason", "part"),
    [
        (0, Reason.REGISTRY_UNREACHABLE, "did not answer when asked to upload sha256:"),
        (500, Reason.REGISTRY_UNREACHABLE, "500 DENIED; try again later"),
        (404, Reason.PUBLISH_FAILED, "404 DENIED; check the repository"),
        (405, Reason.PUBLISH_FAILED, "405 DENIED"),
        (401, Reason.PUBLISH_FAILED, "401 DENIED"),
        (413, Reason.PUBLISH_FAILED, "413 DENIED"),
    ],
)
def test_faults_that_stay(
    pushing: Pushing, registry: FakeRegistry, fault: int, reason: Reason, part: str
) -> None:
    registry.faults["POST uploads"] = [fault] * 9
    with pytest.raises(Failure) as caught:
        pushing.registry.upload_bytes(DIGEST, CONTENT)
    assert caught.value.reason is reason
    assert part in caught.value.message
    assert registry.host in caught.value.message
    assert len(pushing.pauses) == (3 if reason is Reason.REGISTRY_UNREACHABLE else 0)


def test_a_blob_that_is_not_what_it_was_said_to_be(pushing: Pushing) -> None:
    with pytest.raises(Failure, match="refused to upload"):
        pushing.registry.upload_bytes(DIGEST, b"other")


def test_no_location(pushing: Pushing, registry: FakeRegistry) -> None:
    registry.location = ""
    with pytest.raises(Failure, match="202"):
        pushing.registry.upload_bytes(DIGEST, CONTENT)


@pytest.mark.parametrize("status", [401, 403])
def test_asking_is_refused(pushing: Pushing, registry: FakeRegistry, status: int) -> None:
    registry.faults["HEAD"] = [status]
    with pytest.raises(Failure, match="check the repository and the right to push") as caught:
        pushing.registry.has(DIGEST)
    assert caught.value.reason is Reason.PUBLISH_FAILED


def test_no_registry() -> None:
    with httpx.Client() as client:
        pushing = Pushing(client, "127.0.0.1:9")
        with pytest.raises(Failure, match=r"127\.0\.0\.1:9 did not answer") as caught:
            pushing.registry.has(DIGEST)
    assert caught.value.reason is Reason.REGISTRY_UNREACHABLE
    assert pushing.pauses == [1, 2, 4]


def test_a_manifest(pushing: Pushing, registry: FakeRegistry) -> None:
    registry.faults["PUT /v2"] = [0, 502]
    pushing.registry.put_manifest("tag", b"{}", "application/x")
    assert registry.manifests == {"tag": ("application/x", b"{}")}
