"""Whose credentials a registry gets to see."""

import json

import pytest

from falapp_builder.network.registry import connect, sha256
from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.places import Places
from tests.unit.builder.oci import FakeRegistry

CONTENT = b"content"
DIGEST = sha256(CONTENT)


def config(places: Places, name: str, host: str, login: str) -> None:
    user, _, password = login.partition(":")
    content = {"auths": {host: {"username": user, "password": password}}}
    getattr(places, name).write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("push", "ours", "files", "allowed"),
    [
        (True, False, {"push": "me:s3cr3t"}, True),
        (True, False, {"pull": "me:s3cr3t", "registry": "me:s3cr3t"}, False),
        (False, False, {"pull": "me:s3cr3t"}, True),
        (False, False, {"push": "me:s3cr3t", "registry": "me:s3cr3t"}, False),
        (False, True, {"registry": "me:s3cr3t", "pull": "other:s3cr3t"}, True),
        (False, True, {"pull": "me:s3cr3t"}, True),
        (False, True, {"push": "me:s3cr3t"}, False),
    ],
)
def test_whose_credentials_are_sent(
    places: Places,
    registry: FakeRegistry,
    files: dict[str, str],
    *,
    push: bool,
    ours: bool,
    allowed: bool,
) -> None:
    registry.login = "me:s3cr3t"
    registry.hold(CONTENT)
    for name, login in files.items():
        config(places, name, registry.host, login)
    image = f"{registry.host}/team/e"
    with connect(image, places, insecure=True, push=push, ours=ours) as made:
        if allowed:
            assert made.has(DIGEST)
            return
        with pytest.raises(Failure) as caught:
            made.has(DIGEST)
    ours_denied = Reason.REGISTRY_UNREACHABLE if ours else Reason.BASE_IMAGE_UNUSABLE
    assert caught.value.reason is (Reason.PUSH_DENIED if push else ours_denied)
    assert (
        "the token service 127.0.0.1 of the registry 127.0.0.1 answered 401; we came without"
        in (caught.value.message)
    )
    assert "s3cr3t" not in caught.value.message


@pytest.mark.parametrize(
    ("push", "way_out"),
    [
        (
            True,
            "give it the right to push to team/e, or name another Secret in registry.pushSecret",
        ),
        (False, "give it the right to read team/e, or name another Secret in image.pullSecret"),
    ],
)
def test_a_login_that_is_wrong(
    places: Places, registry: FakeRegistry, way_out: str, *, push: bool
) -> None:
    registry.login = "me:s3cr3t"
    config(places, "push" if push else "pull", registry.host, "me:0ther")
    with (
        connect(f"{registry.host}/team/e", places, insecure=True, push=push) as made,
        pytest.raises(Failure) as caught,
    ):
        made.has(DIGEST)
    assert "a login was sent: check that it is current" in caught.value.message
    assert way_out in caught.value.message
    assert "0ther" not in caught.value.message
    assert registry.sent == [b""]


@pytest.mark.parametrize(
    ("push", "reason"), [(True, Reason.PUBLISH_FAILED), (False, Reason.BASE_IMAGE_UNUSABLE)]
)
@pytest.mark.parametrize(
    ("image", "content", "part"),
    [
        ("registry.example/Not An Image", "{}", "names no image"),
        ("registry.example/e", "s3cr3t", "is no Docker configuration"),
    ],
)
def test_what_cannot_be_connected_to(
    places: Places, image: str, content: str, part: str, reason: Reason, *, push: bool
) -> None:
    (places.push if push else places.pull).write_text(content)
    with pytest.raises(Failure, match=part) as caught:
        connect(image, places, insecure=True, push=push)
    assert caught.value.reason is reason
    assert "s3cr3t" not in caught.value.message
