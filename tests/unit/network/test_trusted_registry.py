"""A registry with a certificate of a company's own: asked with its bundle, and only so."""

import ssl

import pytest
import trustme
from aiohttp import web

from falapp_operator import errors
from falapp_operator.cluster.registry import Registry
from tests.unit import samples


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
async def host(authority, monkeypatch):
    """Host and port of a registry that speaks HTTPS and holds no image."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    runner = web.AppRunner(web.Application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield f"127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def find(host, **settings):
    repository = {"repository": f"{host}/environments", "insecure": False}
    registry = Registry.connect(samples.settings(registry=repository, **settings))
    try:
        return await registry.find("env-1")
    finally:
        await registry.close()


async def test_with_the_bundle_it_answers(host, authority, tmp_path):
    bundle = tmp_path / "ca.crt"
    bundle.write_bytes(authority.cert_pem.bytes())
    assert await find(host, customCA=str(bundle)) is None


async def test_without_it_it_is_not_asked(host):
    with pytest.raises(errors.TransientError, match="CERTIFICATE_VERIFY_FAILED"):
        await find(host)
