import ssl

import httpx
import pytest

from falapp_operator import errors
from falapp_operator.cluster.registry import PACKAGES, Image, Registry
from tests.unit import samples

REPOSITORY = "registry.example:5000/team/environments"
DIGEST = {"Docker-Content-Digest": samples.DIGEST}
MANIFEST = {"schemaVersion": 2, "annotations": {PACKAGES: "41"}}


@pytest.fixture
def make_registry():
    def make(answer, *, insecure=True):
        def handle(request):
            asked.append(request)
            if isinstance(answer, Exception):
                raise answer
            return answer

        asked = []
        client = httpx.AsyncClient(transport=httpx.MockTransport(handle), follow_redirects=True)
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
