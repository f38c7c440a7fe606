"""An async setup() that never returns."""

import asyncio

import fal


class Awaits(fal.App):
    async def setup(self):
        await asyncio.Event().wait()

    @fal.endpoint("/")
    def answer(self) -> str:
        return "never"
