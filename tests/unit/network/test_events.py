import pytest

EVENT = {
    "apiVersion": "v1",
    "kind": "Event",
    "metadata": {"name": "hello.0", "namespace": "video"},
}


@pytest.mark.parametrize("status", [201, 409])
async def test_an_event_that_was_told_already_is_fine(server, client, status):
    server.status, server.answer = status, EVENT
    await client.tell(EVENT)
    assert server.last.path == "/api/v1/namespaces/video/events"
