from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

import httpx
import pytest

from falapp_builder.network.exchange import Use
from falapp_builder.network.registry import Found, Registry, sha256
from falapp_builder.pod.failure import Failure, Reason
from falapp_registry.auth import RegistryAuth
from falapp_registry.credentials import Login
from tests.unit.builder.oci import OCI, FakeRegistry

CONTENT = b"content" * 1000
DIGEST = sha256(CONTENT)


def opened() -> AbstractContextManager[tuple[bytes, ...]]:
    return nullcontext((CONTENT[:10], CONTENT[10:]))


class Pushing:
    """A registry under test, and the pauses it took."""

    def __init__(self, client: httpx.Client, host: str, *, use: Use = Use.PUSH) -> None:
        self.pauses: list[float] = []
        self.registry = Registry(
            client, f"http://{host}", "team/e", use=use, pause=self.pauses.append
        )


@pytest.fixture
def pushing(registry: FakeRegistry) -> Iterator[Pushing]:
    with httpx.Client() as client:
        yield Pushing(client, registry.host)


@pytest.fixture
def pulling(registry: FakeRegistry) -> Iterator[Pushing]:
    with httpx.Client() as client:
        yield Pushing(client, registry.host, use=Use.BASE)


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
    pushing.registry.upload(DIGEST, len(CONTENT), opened)
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
    pushing.registry.upload(DIGEST, len(CONTENT), opened)
    assert registry.blobs == {DIGEST: CONTENT}
    assert pushing.pauses == [1, 2]


@pytest.mark.parametrize(
    ("fault", "reason", "part"),
    [
        (0, Reason.REGISTRY_UNREACHABLE, "did not answer when asked to take sha256:"),
        (500, Reason.REGISTRY_UNREACHABLE, "500 DENIED; try again later"),
        (404, Reason.PUBLISH_FAILED, "404 DENIED; check the repository team/e"),
        (405, Reason.PUBLISH_FAILED, "405 DENIED"),
        (401, Reason.PUSH_DENIED, "401 DENIED; we came without a login"),
        (403, Reason.PUSH_DENIED, "in registry.pushSecret of the operator's chart"),
        (413, Reason.PUBLISH_FAILED, "413 DENIED"),
    ],
)
def test_faults_that_stay(
    pushing: Pushing, registry: FakeRegistry, fault: int, reason: Reason, part: str
) -> None:
    registry.faults["POST uploads"] = [fault] * 9
    with pytest.raises(Failure) as caught:
        pushing.registry.upload(DIGEST, len(CONTENT), opened)
    assert caught.value.reason is reason
    assert part in caught.value.message
    assert registry.host in caught.value.message
    assert len(pushing.pauses) == (3 if reason is Reason.REGISTRY_UNREACHABLE else 0)


def test_a_blob_that_is_not_what_it_was_said_to_be(pushing: Pushing) -> None:
    with pytest.raises(Failure, match="refused to take"):
        pushing.registry.upload(DIGEST, 5, lambda: nullcontext((b"other",)))


def test_no_location(pushing: Pushing, registry: FakeRegistry) -> None:
    registry.location = ""
    with pytest.raises(Failure, match="202"):
        pushing.registry.upload_bytes(CONTENT)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    ("use", "reason", "way_out"),
    [
        (Use.BASE, Reason.BASE_IMAGE_UNUSABLE, "in image.pullSecret of the FalApp"),
        (Use.LAYERS, Reason.REGISTRY_UNREACHABLE, "in registry.pullSecret of the operator's chart"),
        (Use.PUSH, Reason.PUSH_DENIED, "in registry.pushSecret of the operator's chart"),
    ],
)
def test_asking_is_refused(
    registry: FakeRegistry, use: Use, reason: Reason, way_out: str, status: int
) -> None:
    registry.faults["HEAD"] = [status]
    with httpx.Client() as client, pytest.raises(Failure) as caught:
        Pushing(client, registry.host, use=use).registry.has(DIGEST)
    assert caught.value.reason is reason
    assert (
        f"we came without a login: name a Secret that holds one {way_out}" in caught.value.message
    )


def test_no_registry() -> None:
    with httpx.Client() as client:
        pushing = Pushing(client, "127.0.0.1:9")
        with pytest.raises(Failure, match=r"127\.0\.0\.1:9 did not answer") as caught:
            pushing.registry.has(DIGEST)
    assert caught.value.reason is Reason.REGISTRY_UNREACHABLE
    assert pushing.pauses == [1, 2, 4]


def test_a_manifest_is_pushed_and_found(pushing: Pushing, registry: FakeRegistry) -> None:
    registry.faults["PUT /v2"] = [0, 502]
    assert pushing.registry.manifest("tag") is None
    pushing.registry.put_manifest("tag", b"{}", OCI)
    assert registry.manifests == {"tag": (OCI, b"{}")}
    expected = Found(content=b"{}", media_type=OCI, digest=sha256(b"{}"))
    assert pushing.registry.manifest("tag") == expected
    assert pushing.registry.manifest(expected.digest) == expected


def test_a_manifest_that_is_another_one(pulling: Pushing, registry: FakeRegistry) -> None:
    registry.put(DIGEST, b"{}")
    with pytest.raises(Failure, match="but other bytes") as caught:
        pulling.registry.manifest(DIGEST)
    assert caught.value.reason is Reason.REGISTRY_UNREACHABLE


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, Reason.BASE_IMAGE_UNUSABLE),
        (403, Reason.BASE_IMAGE_UNUSABLE),
        (500, Reason.REGISTRY_UNREACHABLE),
    ],
)
def test_a_manifest_that_is_refused(
    pulling: Pushing, registry: FakeRegistry, status: int, reason: Reason
) -> None:
    registry.faults["GET"] = [status] * 9
    with pytest.raises(Failure, match=f"refused to give the manifest 3.11: {status}") as caught:
        pulling.registry.manifest("3.11")
    assert caught.value.reason is reason


def test_a_blob(pulling: Pushing, registry: FakeRegistry) -> None:
    registry.hold(CONTENT)
    registry.faults["GET"] = [0, 503]
    assert pulling.registry.blob(DIGEST) == CONTENT
    with pulling.registry.stream(DIGEST) as chunks:
        assert b"".join(chunks) == CONTENT


def test_a_blob_that_is_another_one(pulling: Pushing, registry: FakeRegistry) -> None:
    registry.blobs[DIGEST] = b"x"
    with pytest.raises(Failure, match="but other bytes"):
        pulling.registry.blob(DIGEST)


def test_a_blob_that_is_not_there(pulling: Pushing) -> None:
    with pytest.raises(Failure, match=f"refused to give {DIGEST}: 404") as caught:
        pulling.registry.blob(DIGEST)
    assert caught.value.reason is Reason.BASE_IMAGE_UNUSABLE


def test_a_blob_is_mounted(pushing: Pushing, registry: FakeRegistry) -> None:
    registry.hold(CONTENT, "other/base")
    assert not pushing.registry.has(DIGEST)
    assert pushing.registry.mount(DIGEST, "other/base")
    assert pushing.registry.has(DIGEST)


@pytest.mark.parametrize("status", [202, 400, 401, 403, 404, 405])
def test_a_blob_that_cannot_be_mounted(
    pushing: Pushing, registry: FakeRegistry, status: int
) -> None:
    registry.hold(CONTENT, "other/base")
    registry.mounts = False
    registry.faults["POST"] = [] if status == 202 else [status]
    assert not pushing.registry.mount(DIGEST, "other/base")
    forgotten = [line for line in registry.log if line.startswith("DELETE")]
    assert len(forgotten) == (status == 202), "an upload that nobody goes on with"


def test_mounting_where_nobody_answers(pushing: Pushing, registry: FakeRegistry) -> None:
    registry.faults["POST"] = [0] * 9
    with pytest.raises(Failure, match="did not answer"):
        pushing.registry.mount(DIGEST, "other/base")


def test_a_blob_is_copied(pushing: Pushing, registry: FakeRegistry) -> None:
    registry.faults["PUT uploads"] = [503]
    with FakeRegistry() as other, httpx.Client() as client:
        other.hold(CONTENT)
        source = Pushing(client, other.host, use=Use.BASE).registry
        pushing.registry.copy(DIGEST, len(CONTENT), source)
        missing = sha256(b"missing")
        with pytest.raises(Failure, match=f"{other.host} refused to give {missing}: 404"):
            pushing.registry.copy(missing, 7, source)
    assert registry.blobs == {DIGEST: CONTENT}


def test_a_token_that_ends_during_an_upload(registry: FakeRegistry) -> None:
    registry.login = "me:s3cr3t"
    auth = RegistryAuth(f"http://{registry.host}", lambda: Login(username="me", password="s3cr3t"))
    registry.faults["PUT uploads"] = [401]
    with httpx.Client(auth=auth) as client:
        Pushing(client, registry.host).registry.upload(DIGEST, len(CONTENT), opened)
    assert registry.blobs == {DIGEST: CONTENT}
