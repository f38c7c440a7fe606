"""A registry with a certificate of a company's own: pushed to with its bundle, and only so."""

import ssl
from collections.abc import Callable, Iterator
from functools import partial

import pytest
import trustme

from falapp_builder.network import registry as registries
from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.places import Places
from falapp_builder.publish import step
from tests.unit.builder.layouts import Build
from tests.unit.builder.oci import FakeRegistry

Ask = Callable[..., None]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def registry(authority: trustme.CA) -> Iterator[FakeRegistry]:
    """A registry that speaks HTTPS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    made = FakeRegistry()
    made.location = "/v2/{repository}/blobs/uploads/u1"
    made.secure(context)
    with made:
        yield made


@pytest.fixture
def origin() -> Iterator[FakeRegistry]:
    """The registry of the base image, which speaks HTTP."""
    with FakeRegistry() as started:
        yield started


@pytest.fixture(autouse=True)
def _prepared(
    build: Build, ask: Ask, origin: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Try again without a pause; take the base from elsewhere."""
    impatient = partial(registries.Registry, pause=lambda _: None)
    monkeypatch.setattr(registries, "Registry", impatient)
    build.origin = origin
    build.write()
    ask(image=f"{build.registry.host}/e", insecure=False)


def test_with_the_bundle_it_is_pushed_to(
    places: Places, registry: FakeRegistry, authority: trustme.CA
) -> None:
    places.authority.write_bytes(authority.cert_pem.bytes())
    step.publish(places)
    assert "env-key" in registry.manifests


@pytest.mark.parametrize("other", [False, True], ids=["no bundle", "another one's bundle"])
def test_without_it_nothing_is_sent(places: Places, registry: FakeRegistry, *, other: bool) -> None:
    if other:
        places.authority.write_bytes(trustme.CA().cert_pem.bytes())
    with pytest.raises(Failure, match="CERTIFICATE_VERIFY_FAILED") as caught:
        step.publish(places)
    assert caught.value.reason is Reason.REGISTRY_UNREACHABLE
    assert registry.log == []
    assert not places.termination.exists()
