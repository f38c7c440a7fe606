"""The relay, between an ASGI client in Kaniko's place and a registry on loopback."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest

from falapp_builder.pod import request
from falapp_builder.pod.failure import Failure
from falapp_builder.pod.places import Places
from falapp_builder.relay import upstream
from falapp_builder.relay.application import application
from tests.unit.builder.oci import OCI, FakeRegistry, digest_of

KEY, CACHE = "d" * 64, "cache-0123"
LAYER, CONFIG = b"what a RUN left", b"{}"
OTHER = b"the layer of another tenant"

Ask = Callable[..., None]
Connect = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def relay(places: Places, registry: FakeRegistry, ask: Ask) -> Connect:
    """Connect to a relay, as Kaniko does."""

    @asynccontextmanager
    async def connected(cache: str = CACHE, base: str = "") -> AsyncIterator[httpx.AsyncClient]:
        ask(cache=cache, base=base, image=f"{registry.host}/team/environments")
        app = application(
            upstream.connect(request.read(places.request), places), cache=cache, base=base
        )
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://relay") as client,
        ):
            yield client

    return connected


def manifest(*blobs: bytes) -> bytes:
    config, *layers = [{"digest": digest_of(blob), "size": len(blob)} for blob in blobs]
    return json.dumps({"mediaType": OCI, "config": config, "layers": layers}).encode()


async def push(client: httpx.AsyncClient, blob: bytes) -> httpx.Response:
    """Upload a blob as go-containerregistry does: in three requests, the second a stream."""
    begun = await client.post("/v2/cache/blobs/uploads/", params={"mount": "x", "from": "y"})
    if begun.status_code != 202:
        return begun

    async def parts() -> Any:
        yield blob[:3]
        yield blob[3:]

    sent = await client.patch(begun.headers["Location"], content=parts())
    assert sent.status_code == 202
    return await client.put(sent.headers["Location"], params={"digest": digest_of(blob)})


async def put(client: httpx.AsyncClient, *blobs: bytes, key: str = KEY) -> int:
    headers = {"Content-Type": OCI}
    answer = await client.put(
        f"/v2/cache/manifests/{key}", content=manifest(*blobs), headers=headers
    )
    return answer.status_code


async def test_a_cached_layer_is_pushed_under_the_namespaces_tag_and_found_again(
    relay: Connect, registry: FakeRegistry
) -> None:
    async with relay() as kaniko:
        assert (await kaniko.get("/v2/")).status_code == 200
        assert (await kaniko.get(f"/v2/cache/manifests/{KEY}")).status_code == 404
        for blob in (CONFIG, LAYER):
            assert (await push(kaniko, blob)).status_code == 201
        assert await put(kaniko, CONFIG, LAYER) == 201
    assert set(registry.manifests) == {f"{CACHE}-{KEY}"}
    async with relay() as next_build:
        found = await next_build.get(f"/v2/cache/manifests/{KEY}")
        assert found.content == manifest(CONFIG, LAYER)
        assert found.headers["Content-Type"] == OCI
        blob = await next_build.get(f"/v2/cache/blobs/{digest_of(LAYER)}")
        assert blob.content == LAYER
        assert (await next_build.head(f"/v2/cache/blobs/{digest_of(LAYER)}")).status_code == 200
    async with relay(cache="cache-4567") as stranger:
        assert (await stranger.get(f"/v2/cache/manifests/{KEY}")).status_code == 404


async def test_what_others_have_cannot_be_read_or_named(
    relay: Connect, registry: FakeRegistry
) -> None:
    digest = registry.hold(OTHER)
    registry.hold(CONFIG)
    whole = registry.put("env-secret", manifest(CONFIG, OTHER))
    async with relay() as kaniko:
        for target in ("env-secret", whole, f"{CACHE}-{KEY}", "cache-4567-" + KEY, "../x"):
            assert (await kaniko.get(f"/v2/cache/manifests/{target}")).status_code == 404
        assert (await kaniko.head(f"/v2/cache/blobs/{digest}")).status_code == 404
        assert (await kaniko.get(f"/v2/cache/blobs/{digest}")).status_code == 404
        await push(kaniko, CONFIG)
        assert await put(kaniko, CONFIG, OTHER) == 400
        assert await put(kaniko, CONFIG, key="env-secret") == 404
        answer = await kaniko.put(f"/v2/cache/manifests/{KEY}", content=b"{}")
        assert answer.status_code == 400
    assert set(registry.manifests) == {"env-secret"}
    assert not [line for line in registry.log if "env-secret" in line or whole in line]


async def test_an_upload_that_is_not_what_it_claims_is_not_known(
    relay: Connect, registry: FakeRegistry
) -> None:
    registry.hold(OTHER)
    async with relay() as kaniko:
        begun = await kaniko.post("/v2/cache/blobs/uploads/")
        where = begun.headers["Location"]
        answer = await kaniko.put(where, params={"digest": digest_of(OTHER)}, content=b"x")
        assert answer.status_code == 400
        assert (await kaniko.get(f"/v2/cache/blobs/{digest_of(OTHER)}")).status_code == 404
        assert (await kaniko.put(where, params={"digest": "x"})).status_code == 400
        assert (await kaniko.put("/v2/cache/blobs/uploads/77")).status_code == 404


async def test_one_image_can_be_read_and_nothing_pushed(
    relay: Connect, registry: FakeRegistry
) -> None:
    for blob in (CONFIG, LAYER):
        registry.hold(blob)
    digest = registry.put("env-base", manifest(CONFIG, LAYER))
    async with relay(cache="", base=f"registry.example/environments@{digest}") as kaniko:
        url = f"/v2/environments/manifests/{digest}"
        assert (await kaniko.get(url)).content == manifest(CONFIG, LAYER)
        blob = await kaniko.get(f"/v2/environments/blobs/{digest_of(LAYER)}")
        assert blob.content == LAYER
        assert (await kaniko.get("/v2/environments/manifests/env-base")).status_code == 404
        assert (await push(kaniko, OTHER)).status_code == 403
        assert await put(kaniko, CONFIG, LAYER) == 404
    assert not [line for line in registry.log if not line.startswith("GET")]


async def test_our_login_opens_the_registry_and_is_never_given_away(
    relay: Connect, registry: FakeRegistry, places: Places
) -> None:
    registry.login = "robot:hunter2"
    login = {"auths": {registry.host: {"username": "robot", "password": "hunter2"}}}
    places.push.write_text(json.dumps(login))
    async with relay() as kaniko:
        assert (await push(kaniko, CONFIG)).status_code == 201
        answer = await kaniko.get(f"/v2/cache/manifests/{KEY}")
        assert answer.status_code == 404
        assert "token" not in str(answer.headers).lower() + answer.text
    places.push.write_text(json.dumps(login).replace("hunter2", "wrong"))
    async with relay() as kaniko:
        assert (await kaniko.get(f"/v2/cache/manifests/{KEY}")).status_code == 502


async def test_a_registry_that_is_away_is_said_to_be(
    relay: Connect, registry: FakeRegistry
) -> None:
    registry.faults["GET"] = [0]
    async with relay() as kaniko:
        assert (await kaniko.get(f"/v2/cache/manifests/{KEY}")).status_code == 502


def test_a_name_that_is_none_is_a_failure(places: Places, ask: Ask) -> None:
    ask(image="no name")
    with pytest.raises(Failure):
        upstream.connect(request.read(places.request), places)


async def test_a_token_that_ends_while_a_layer_is_on_its_way_is_renewed(
    relay: Connect, registry: FakeRegistry, places: Places
) -> None:
    registry.login = "robot:hunter2"
    login = {"auths": {registry.host: {"username": "robot", "password": "hunter2"}}}
    places.push.write_text(json.dumps(login))
    async with relay() as kaniko:
        begun = await kaniko.post("/v2/cache/blobs/uploads/")
        sent = await kaniko.patch(begun.headers["Location"], content=LAYER)
        registry.tokens.clear()
        digest = {"digest": digest_of(LAYER)}
        assert (await kaniko.put(sent.headers["Location"], params=digest)).status_code == 201
