import asyncio
import json
from collections.abc import AsyncIterator, Iterator

import fal
from fastapi.responses import StreamingResponse
from pydantic import BaseModel


class Given(BaseModel):
    steps: int = 3


class Streams(fal.App):
    @fal.endpoint("/stream")
    async def stream(self, given: Given) -> StreamingResponse:
        async def events() -> AsyncIterator[str]:
            for step in range(given.steps):
                yield f"data: {json.dumps({'step': step})}\n\n"
                await asyncio.sleep(0)

        return StreamingResponse(events(), media_type="text/event-stream")

    @fal.endpoint("/sync")
    def sync(self) -> StreamingResponse:
        def parts() -> Iterator[bytes]:
            yield b"one "
            yield b"two"

        return StreamingResponse(parts(), media_type="text/plain")

    @fal.endpoint("/breaks")
    async def breaks(self) -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"one"
            raise ValueError("half way")

        return StreamingResponse(parts())
