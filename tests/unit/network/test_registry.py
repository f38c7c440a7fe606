import hashlib
import json
import ssl

import httpx
import pytest

from falapp_operator import errors
from falapp_operator.cluster.registry import ENVIRONMENT, LOCK, PACKAGES, SIZE, Image, Registry
from falapp_registry.auth import RegistryAuth
from falapp_registry.credentials import Login
from tests.unit import samples

REPOSITORY = "registry.example:5000/team/environments"
DIGEST = {"Docker-Content-Digest": samples.DIGEST}
MANIFEST = {"schemaVersion": 2, "annotations": {PACKAGES: "41"}}


@pytest.fixture
def make_registry():
    def make(answer, *, insecure=True, auth=None):
        def handle(request):
            asked.append(request)
            if isinstance(answer, Exception):
                raise answer
            return answer(request) if callable(answer) else answer

        asked = []
        transport = httpx.MockTransport(handle)
        client = httpx.AsyncClient(transport=transport, auth=auth, follow_redirects=True)
        made = Registry(client, REPOSITORY, insecure=insecure)
        made.asked = asked
        return made

    return make


@pytest.mark.parametrize(
    ("answer", "packages"),
    [
        (MANIFEST, 41),
        ({"schemaVersion": 2}, 0),
        ({"annotations": None}, 0),
        ({"annotations": {PACKAGES: "many"}}, 0),
        ({"annotations": {PACKAGES: "-1"}}, 0),
        ({"annotations": {"other": "1"}}, 0),
        ([], 0),
    ],
)
async def test_an_image_that_is_there(make_registry, answer, packages):
    registry = make_registry(httpx.Response(200, headers=DIGEST, json=answer))
    found = await registry.find("env-1")
    assert found == Image(reference=f"{REPOSITORY}@{samples.DIGEST}", packages=packages)


async def test_what_an_image_tells_of_itself(make_registry):
    told = {PACKAGES: "41", SIZE: "123456789", ENVIRONMENT: "env-1", "falapp.dev/lock": "lock-x"}
    registry = make_registry(httpx.Response(200, headers=DIGEST, json={"annotations": told}))
    assert await registry.find("env-1") == Image(
        reference=f"{REPOSITORY}@{samples.DIGEST}",
        packages=41,
        size=123456789,
    )
    assert len(registry.asked) == 1


@pytest.mark.parametrize("ours", [True, False])
async def test_an_image_that_was_built_for_another_environment_is_not_there(make_registry, ours):
    told = {ENVIRONMENT: f"env-{'0' if ours else 'f'}123456789abcdef"}
    registry = make_registry(httpx.Response(200, headers=DIGEST, json={"annotations": told}))
    found = await registry.find("env-" + "0123456789abcdef" * 4)
    assert (found is not None) == ours


async def test_a_manifest_that_cannot_be_read_has_a_digest_all_the_same(make_registry):
    registry = make_registry(httpx.Response(200, headers=DIGEST, text="<html>"))
    assert (await registry.find("env-1")).packages == 0


@pytest.mark.parametrize(("insecure", "scheme"), [(True, "http"), (False, "https")])
async def test_how_the_registry_is_asked(make_registry, insecure, scheme):
    registry = make_registry(httpx.Response(404), insecure=insecure)
    await registry.find("env-1")
    (asked,) = registry.asked
    assert asked.method == "GET"
    assert (
        str(asked.url) == f"{scheme}://registry.example:5000/v2/team/environments/manifests/env-1"
    )
    accepted = asked.headers["Accept"]
    assert "application/vnd.oci.image.manifest.v1+json" in accepted
    assert "application/vnd.docker.distribution.manifest.v2+json" in accepted


async def test_an_image_that_is_not_there(make_registry):
    unknown = {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}
    assert await make_registry(httpx.Response(404, json=unknown)).find("env-1") is None


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
async def test_a_registry_that_refuses(make_registry, status):
    registry = make_registry(httpx.Response(status, text="s3cr3t"))
    with pytest.raises(errors.TransientError, match=f"answered {status}") as raised:
        await registry.find("env-1")
    assert REPOSITORY in str(raised.value)
    assert "s3cr3t" not in str(raised.value)


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("All connection attempts failed"),
        httpx.ConnectTimeout("timed out"),
        httpx.ReadTimeout("timed out"),
        httpx.RemoteProtocolError("Server disconnected without sending a response."),
        httpx.TooManyRedirects("Exceeded maximum allowed redirects."),
    ],
    ids=lambda failure: type(failure).__name__,
)
async def test_a_registry_that_does_not_answer(make_registry, failure):
    with pytest.raises(errors.TransientError, match="did not answer") as raised:
        await make_registry(failure).find("env-1")
    assert raised.value.__cause__ is failure


@pytest.mark.parametrize("headers", [{}, {"Docker-Content-Digest": "latest"}])
async def test_an_image_without_a_digest(make_registry, headers):
    registry = make_registry(httpx.Response(200, headers=headers, json=MANIFEST))
    with pytest.raises(errors.TransientError, match="no digest"):
        await registry.find("env-1")


async def test_connecting_and_closing():
    registry = Registry.connect(samples.settings())
    await registry.close()


async def test_the_custom_certificates_are_trusted_besides_the_others(tmp_path, monkeypatch):
    loaded = []
    load = ssl.SSLContext.load_verify_locations

    def remember(self, cafile=None, *args, **kwargs):
        loaded.append(cafile)
        if cafile != bundle:
            load(self, cafile, *args, **kwargs)

    bundle = tmp_path / "ca.crt"
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", remember)
    registry = Registry.connect(samples.settings(customCA=str(bundle)))
    await registry.close()
    assert bundle in loaded


LOCK_TEXT = 'lock-version = "1.0"\n'
LOCK_DIGEST = f"sha256:{hashlib.sha256(LOCK_TEXT.encode()).hexdigest()}"
RECORDS = {
    "layers": [
        {"mediaType": "application/vnd.cyclonedx+json", "digest": "sha256:1"},
        {"mediaType": LOCK, "digest": LOCK_DIGEST},
    ]
}


def served(documents):
    """Answer with what stands under a path of the repository."""

    def answer(request):
        path = request.url.path.removeprefix("/v2/team/environments/")
        return httpx.Response(200, content=documents[path]) if path in documents else not_found

    not_found = httpx.Response(404)
    return answer


async def test_the_lock_of_an_image(make_registry):
    documents = {
        "manifests/lock-env-1": json.dumps(RECORDS),
        f"blobs/{LOCK_DIGEST}": LOCK_TEXT,
    }
    registry = make_registry(served(documents))
    assert await registry.lock("env-1") == LOCK_TEXT
    assert len(registry.asked) == 2


@pytest.mark.parametrize(
    "documents",
    [
        {},
        {"manifests/lock-env-1": json.dumps(RECORDS)},
        {"manifests/lock-env-1": "<html>"},
        {"manifests/lock-env-1": "{}"},
        {"manifests/lock-env-1": '{"layers": null}'},
        {"manifests/lock-env-1": '{"layers": ["x", {"mediaType": "other"}]}'},
        {"manifests/lock-env-1": json.dumps({"layers": [{"mediaType": LOCK}]})},
    ],
)
async def test_no_lock(make_registry, documents):
    assert await make_registry(served(documents)).lock("env-1") is None


async def test_a_lock_that_is_another_one(make_registry):
    documents = {
        "manifests/lock-env-1": json.dumps(RECORDS),
        f"blobs/{LOCK_DIGEST}": "forged",
    }
    with pytest.raises(errors.TransientError, match="gave other bytes"):
        await make_registry(served(documents)).lock("env-1")


def guarded(status):
    """Ask for a token that a service gives, or does not."""

    def answer(request):
        if request.url.host == "auth.example":
            return httpx.Response(status, json={"token": "t0ken"})
        if request.headers.get("Authorization") == "Bearer t0ken":
            return httpx.Response(200, headers=DIGEST, json=MANIFEST)
        wants = 'Bearer realm="http://auth.example/",scope="repository:team/environments:pull"'
        return httpx.Response(401, headers={"WWW-Authenticate": wants})

    return answer


def known():
    login = Login(username="me", password="s3cr3t")
    return RegistryAuth("http://registry.example:5000", lambda: login)


async def test_a_registry_that_wants_a_token(make_registry):
    registry = make_registry(guarded(200), auth=known())
    for _ in range(2):
        assert (await registry.find("env-1")).packages == 41
    assert len(registry.asked) == 4, "the second question needs one request"


async def test_a_token_that_is_not_given(make_registry):
    registry = make_registry(guarded(403), auth=known())
    with pytest.raises(errors.TransientError, match=r"cannot be asked: .* answered 403") as raised:
        await registry.find("env-1")
    assert "registry.pullSecret" in str(raised.value)
    assert "s3cr3t" not in str(raised.value)


@pytest.fixture
async def connected(monkeypatch, tmp_path):
    """The registry as the operator makes it, with a file of credentials and no network."""
    path = tmp_path / "config.json"
    settings = {"repository": REPOSITORY, "insecure": True, "credentials": str(path)}
    seen = []

    def handle(request):
        seen.append(request.headers.get("Authorization"))
        return httpx.Response(401, headers={"WWW-Authenticate": "Basic realm=x"})

    plain = httpx.AsyncClient

    def client(**options):
        return plain(transport=httpx.MockTransport(handle), **options)

    monkeypatch.setattr(httpx, "AsyncClient", client)
    registry = Registry.connect(samples.settings(registry=settings))
    registry.path, registry.seen = path, seen
    yield registry
    await registry.close()


async def test_credentials_come_from_their_file_whenever_it_changes(connected):
    for number in (1, 2):
        login = Login(username="me", password=f"pass-{number}")
        auths = {"registry.example:5000": {"username": "me", "password": f"pass-{number}"}}
        connected.path.write_text(json.dumps({"auths": auths}))
        with pytest.raises(errors.TransientError, match="answered 401"):
            await connected.find("env-1")
        assert connected.seen[-1] == login.basic


async def test_without_the_file_the_operator_is_a_stranger(connected):
    with pytest.raises(errors.TransientError, match="answered 401"):
        await connected.find("env-1")
    assert connected.seen == [None]


async def test_a_file_that_holds_no_credentials(connected):
    connected.path.write_text("s3cr3t")
    with pytest.raises(errors.TransientError, match="is no Docker configuration") as raised:
        await connected.find("env-1")
    assert "s3cr3t" not in str(raised.value)
