"""How a websocket comes to its slot, or ends before it is accepted."""

import contextlib

from falapp_runner.serving import admission, exchange, sessions


async def turn(scope: exchange.Message, session: sessions.Session, slots: admission.Slots) -> int:
    """Take a slot, and return 0; or the status with which the websocket has ended before."""
    try:
        if slots.take() or await session.turn(slots):
            return 0
    except admission.FullError:
        await refuse(scope, session.send)
        return 429
    await abandon(session.send)
    return exchange.CLIENT_GONE


async def refuse(scope: exchange.Message, send: exchange.Send) -> None:
    """Answer 429, where the server can; else close, which the client sees as 403."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1013})
        return
    body = b'{"detail":"too many requests wait; connect again later"}'
    headers = [(b"retry-after", b"1"), (b"content-type", b"application/json")]
    await send({"type": "websocket.http.response.start", "status": 429, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})


async def abandon(send: exchange.Send) -> None:
    """End one whose client is gone: uvicorn takes one that nobody ended for an error."""
    with contextlib.suppress(OSError):  # by which it says that the client is gone
        await send({"type": "websocket.close"})
