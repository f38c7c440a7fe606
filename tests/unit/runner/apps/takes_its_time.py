import asyncio
import threading
import time

import fal
from fal.exceptions import GPUException
from fastapi import BackgroundTasks, HTTPException, Response, WebSocket
from fastapi.responses import StreamingResponse
from pydantic import BaseModel


class Given(BaseModel):
    seconds: float = 0.0


class Slow(fal.App, max_multiplexing=2):
    request_timeout = 30

    def setup(self) -> None:
        self.most = self.now = self.cancelled = 0
        self.go = threading.Event()

    async def work(self, seconds: float) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.now -= 1

    @fal.endpoint("/async")
    async def later(self, given: Given) -> dict:
        await self.work(given.seconds)
        return {"slept": given.seconds}

    @fal.endpoint("/sync")
    def now_(self, given: Given) -> dict:
        time.sleep(given.seconds)
        return {"slept": given.seconds}

    @fal.endpoint("/check", health_check=fal.HealthCheck())
    def check(self) -> dict:
        return {"most": self.most, "cancelled": self.cancelled}

    @fal.endpoint("/gpu")
    def gpu(self) -> dict:
        raise GPUException()

    @fal.endpoint("/stop")
    def stop(self, response: Response) -> dict:
        response.headers["x-fal-stop-runner"] = "true"
        return {}

    @fal.endpoint("/afterwards")
    async def afterwards(self, background: BackgroundTasks, seconds: float = 0.3) -> dict:
        background.add_task(asyncio.sleep, seconds)
        return {}

    @fal.endpoint("/answers-its-end")
    async def answers_its_end(self) -> dict:
        try:
            await self.work(60)
        except asyncio.CancelledError:
            return {"ended": True}
        return {}

    @fal.endpoint("/raises-at-its-end")
    async def raises_at_its_end(self) -> dict:
        try:
            await self.work(60)
        finally:
            raise ValueError("nothing to clean up")

    @fal.endpoint("/refuses-its-end")
    async def refuses_its_end(self) -> dict:
        try:
            await self.work(60)
        finally:
            raise HTTPException(409, "not now")

    @fal.endpoint("/large")
    async def large(self) -> StreamingResponse:
        return StreamingResponse(iter([b"x" * 20_000_000]))

    @fal.endpoint("/logs")
    async def logs(self) -> dict:
        import logging

        logging.getLogger("app").warning("a warning")
        return {}

    @fal.endpoint("/sleeps", is_websocket=True)
    async def sleeps(self, websocket: WebSocket) -> None:
        await websocket.accept()
        async for seconds in websocket.iter_text():
            await asyncio.sleep(float(seconds))
            await websocket.send_text(f"slept {seconds}")

    @fal.endpoint("/talk", is_websocket=True)
    async def talk(self, websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.receive_text()
        await websocket.close()
