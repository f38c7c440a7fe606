"""The repository as the retention sees it; whole runs are in tests/unit/retention."""

import httpx
import pytest

from falapp_operator import errors
from falapp_operator.cluster.repository import Manifest, Repository
from falapp_registry.auth import RegistryAuth
from falapp_registry.credentials import Login
from tests.unit.retention.store import REPOSITORY, Store, digest_of


async def test_tags_come_in_pages():
    store = Store(page=2)
    tags = [f"tag-{n}" for n in range(5)]
    for tag in tags:
        store.push(tag, tag)
    assert await store.repository().tags() == tuple(tags)
    assert store.requests == ["GET /tags/list"] * 3


async def test_a_manifest_has_the_digest_of_its_bytes():
    store = Store()
    digest = store.push("x", "one", "two", subject={"digest": digest_of("somebody signed")})
    parts = frozenset({digest_of("one"), digest_of("two")})
    assert await store.repository().manifest("x") == Manifest(digest=digest, parts=parts)
    assert await store.repository().manifest(digest) == Manifest(digest=digest, parts=parts)
    assert await store.repository().manifest("y") is None


async def test_an_index_is_made_of_its_manifests():
    store = Store()
    store.push("x", manifests=[{"digest": digest_of("amd64")}])
    assert (await store.repository().manifest("x")).parts == {digest_of("amd64")}


async def test_what_cannot_be_read_stops_everything():
    store = Store()
    store.refusals["GET"] = httpx.Response(200, text="<html>")
    with pytest.raises(errors.TransientError, match="nothing is deleted until it does"):
        await store.repository().manifest("x")


async def test_deleting_what_is_gone_is_fine():
    await Store().repository().delete(digest_of("x"))


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (httpx.Response(401), "401; give the login of registry.retention.secret"),
        (httpx.Response(502), "refused to list its tags: 502; the next run tries again"),
        (httpx.ConnectError("no route"), "did not answer when asked to list its tags: no route"),
    ],
)
async def test_a_registry_that_does_not_answer(answer, says):
    def handle(_):
        if isinstance(answer, Exception):
            raise answer
        return answer

    client = httpx.AsyncClient(transport=httpx.MockTransport(handle))
    with pytest.raises(errors.TransientError) as caught:
        await Repository(client, REPOSITORY, insecure=False).tags()
    assert says in str(caught.value)
    assert REPOSITORY in str(caught.value)


async def test_deleting_has_a_token_of_its_own():
    """Registries give one for the scope that they name, and that of reading allows no deletion."""
    scopes, deleted = [], []

    def handle(request):
        if request.url.host == "auth.example":
            scopes.append(request.url.params["scope"])
            return httpx.Response(200, json={"token": scopes[-1].rpartition(":")[2]})
        wanted = "delete" if request.method == "DELETE" else "pull"
        if request.headers.get("Authorization") == f"Bearer {wanted}":
            deleted.append(wanted)
            return httpx.Response(202 if wanted == "delete" else 200, json={"tags": []})
        challenge = (
            f'Bearer realm="https://auth.example/t",service="s",scope="repository:x:{wanted}"'
        )
        return httpx.Response(401, headers={"WWW-Authenticate": challenge})

    login = Login(username="cleaner", password="secret")
    auth = RegistryAuth("https://registry.example", lambda: login)
    client = httpx.AsyncClient(transport=httpx.MockTransport(handle), auth=auth)
    repository = Repository(client, REPOSITORY, insecure=False)
    await repository.tags()
    await repository.delete(digest_of("x"))
    assert scopes == ["repository:x:pull", "repository:x:delete"]
    assert deleted == ["pull", "delete"]


async def test_credentials_and_certificates_come_from_files(tmp_path, monkeypatch):
    config = tmp_path / "config.json"
    config.write_text('{"auths": {"registry.example": {"username": "u", "password": "p"}}}')
    repository = Repository.connect(
        REPOSITORY, insecure=False, credentials=config, custom_ca=tmp_path / "none.crt"
    )
    auth = repository._client.auth
    assert isinstance(auth, RegistryAuth)
    assert not auth.stranger
    await repository.close()
