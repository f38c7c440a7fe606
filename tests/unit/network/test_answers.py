"""What the operator makes of answers of the API server that are no objects."""

import pytest

from falapp_operator import errors
from falapp_operator.api.objects import Ref
from tests.unit.network.calls import CALLS, DEPLOYMENT
from tests.unit.network.conftest import TOKEN

SECRET = Ref(api_version="v1", kind="Secret", name="gh", namespace="video")


async def test_what_is_not_there(server, client):
    server.refuse(404, "NotFound", 'deployments.apps "hello" not found')
    assert await client.get(DEPLOYMENT) is None
    assert await client.delete(DEPLOYMENT) is None
    for call in ("list", "apply_status", "scale"):
        with pytest.raises(errors.MissingError, match="404"):
            await CALLS[call](client)
    for call in ("apply", "create"):
        with pytest.raises(errors.RefusedError, match="404"):
            await CALLS[call](client)


@pytest.mark.parametrize(
    ("status", "reason", "error"),
    [
        (409, "Conflict", errors.ConflictError),
        (409, "AlreadyExists", errors.ConflictError),
        (401, "Unauthorized", errors.TransientError),
        (429, "TooManyRequests", errors.TransientError),
        (500, "InternalError", errors.TransientError),
        (503, "ServiceUnavailable", errors.TransientError),
    ],
)
async def test_refusals_are_the_operators_errors(server, client, status, reason, error):
    server.refuse(status, reason, "what is wrong")
    for call in CALLS.values():
        with pytest.raises(error, match=f"{status} what is wrong") as raised:
            await call(client)
        assert type(raised.value) is error
        assert TOKEN not in str(raised.value)
        assert server.last.path in str(raised.value)


@pytest.mark.parametrize("status", [400, 403, 422])
async def test_what_the_server_does_not_accept_is_told_apart(server, client, status):
    """Its words may quote values: they are for the status, not for a log."""
    server.refuse(status, "Invalid", f"spec.token: Invalid value: {TOKEN}")
    for name in ("apply", "apply_status", "create", "scale", "delete"):
        with pytest.raises(errors.RefusedError) as raised:
            await CALLS[name](client)
        assert TOKEN not in str(raised.value)
        assert TOKEN in raised.value.detail
    for name in ("get", "list"):
        with pytest.raises(errors.TransientError):
            await CALLS[name](client)


@pytest.mark.parametrize("status", [200, 502])
@pytest.mark.parametrize(
    "answer", [b"<html>bad gateway</html>", b"", b'{"a": ', b"[]", b"null", b"\xff\xfe"]
)
async def test_an_answer_that_is_not_the_api_servers(server, client, status, answer):
    """As from a load balancer on the way."""
    server.status, server.answer = status, answer
    for call in CALLS.values():
        with pytest.raises(errors.TransientError, match=str(status)):
            await call(client)


async def test_a_long_answer_is_cut(server, client):
    server.status, server.answer = 502, b"x" * 100_000
    with pytest.raises(errors.TransientError) as raised:
        await client.get(DEPLOYMENT)
    assert len(str(raised.value)) < 400


async def test_what_may_not_be_read_is_told_apart(server, client):
    server.refuse(403, "Forbidden", 'deployments.apps "hello" is forbidden')
    with pytest.raises(errors.ForbiddenError, match="is forbidden"):
        await client.get(DEPLOYMENT)


@pytest.mark.parametrize(
    ("verb", "status"),
    [*(("apply", s) for s in (400, 403, 404, 409, 422, 500)), ("get", 403), ("get", 500)],
)
async def test_what_the_api_server_says_of_a_secret_is_not_repeated(server, client, verb, status):
    """It quotes what it does not accept."""
    server.refuse(status, "Invalid", 'data: Invalid value: "s3cr3t"')
    metadata = {"name": SECRET.name, "namespace": SECRET.namespace}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}
    with pytest.raises(errors.FalappError, match=str(status)) as raised:
        await (client.get(SECRET) if verb == "get" else client.apply(secret))
    assert "s3cr3t" not in str(raised.value) + getattr(raised.value, "detail", "")
