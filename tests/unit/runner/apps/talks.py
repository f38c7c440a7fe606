from collections.abc import AsyncIterator, Iterator

import fal
from fastapi import WebSocket
from pydantic import BaseModel


class Given(BaseModel):
    number: int

    def can_batch(self, other: "Given", length: int) -> bool:
        return self.number == other.number


class Answer(BaseModel):
    total: int


class Talks(fal.App):
    @fal.endpoint("/echo", is_websocket=True)
    async def echo(self, websocket: WebSocket) -> None:
        await websocket.accept()
        async for text in websocket.iter_text():
            if text == "end":
                break
            await websocket.send_text(text.upper())
        await websocket.close(4000, "done")

    @fal.endpoint("/breaks", is_websocket=True)
    async def breaks(self, websocket: WebSocket) -> None:
        await websocket.accept()
        raise ValueError("half way")

    @fal.realtime("/unary", buffering=4, session_timeout=0.3)
    def unary(self, given: Given) -> Answer:
        return Answer(total=given.number * 2)

    @fal.realtime("/batched", buffering=8, session_timeout=0.3, max_batch_size=4)
    async def batched(self, given: Given, *more: Given) -> Answer:
        return Answer(total=given.number + sum(one.number for one in more))

    @fal.realtime("/dict", session_timeout=0.3)
    async def untyped(self, given: dict) -> dict:
        return {"got": given}

    @fal.realtime("/server")
    async def server(self, given: Given) -> AsyncIterator[Answer]:
        for number in range(given.number):
            yield Answer(total=number)

    @fal.realtime("/server-sync")
    def server_sync(self, given: Given) -> Iterator[Answer]:
        yield Answer(total=given.number)

    @fal.realtime("/client", session_timeout=0.3)
    async def client(self, given: AsyncIterator[Given]) -> Answer:
        return Answer(total=sum([one.number async for one in given]))

    @fal.realtime("/both", session_timeout=0.3)
    async def both(self, given: AsyncIterator[Given]) -> AsyncIterator[Answer]:
        async for one in given:
            yield Answer(total=one.number + 1)

    @fal.realtime("/fails", session_timeout=0.3)
    def fails(self, given: Given) -> Answer:
        raise ValueError("no model")
