"""A registry with a certificate of a company's own: pushed to with its bundle, and only so."""

import ssl
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace

import pytest
import trustme

from falapp_builder import publish
from falapp_builder.failure import Failure, Reason
from falapp_builder.places import Places

from .oci import FakeRegistry

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


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again without a pause."""
    impatient = partial(publish.Registry, pause=lambda _: None)
    monkeypatch.setattr(publish, "Registry", impatient)


def test_with_the_bundle_it_is_pushed_to(
    places: Places,
    ask: Ask,
    registry: FakeRegistry,
    image: SimpleNamespace,
    authority: trustme.CA,
) -> None:
    places.authority.write_bytes(authority.cert_pem.bytes())
    ask(image=f"{registry.host}/e", insecure=False)
    publish.publish(places)
    assert set(image.layers) <= set(registry.blobs)
    assert set(registry.manifests) == {"env-key"}


@pytest.mark.parametrize("other", [False, True], ids=["no bundle", "another one's bundle"])
def test_without_it_nothing_is_sent(
    places: Places, ask: Ask, registry: FakeRegistry, image: SimpleNamespace, *, other: bool
) -> None:
    assert image.layers
    if other:
        places.authority.write_bytes(trustme.CA().cert_pem.bytes())
    ask(image=f"{registry.host}/e", insecure=False)
    with pytest.raises(Failure, match="CERTIFICATE_VERIFY_FAILED") as caught:
        publish.publish(places)
    assert caught.value.reason is Reason.REGISTRY_UNREACHABLE
    assert registry.log == []
    assert not places.termination.exists()
