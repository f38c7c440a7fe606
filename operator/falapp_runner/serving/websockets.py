"""How a websocket is refused before it is accepted."""

from falapp_runner.serving import exchange


async def refuse(scope: exchange.Message, send: exchange.Send) -> None:
    """Answer 429, where the server can; else close, which the client sees as 403."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1013})
        return
    body = b'{"detail":"too many requests wait; connect again later"}'
    headers = [(b"retry-after", b"1"), (b"content-type", b"application/json")]
    await send({"type": "websocket.http.response.start", "status": 429, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})
