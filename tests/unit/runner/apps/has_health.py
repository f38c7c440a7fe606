import fal
from fal import HealthCheck


class Base(fal.App):
    version = "7"

    @fal.endpoint("/")
    def run(self) -> dict:
        return {"from": "base"}

    @fal.endpoint("/base")
    def base(self) -> dict:
        return {"base": self.word}


class Healthy(Base):
    word = ""

    def setup(self) -> None:
        self.word = "set up"
        self.loads = 0

    def health(self) -> dict:
        return {"healthy": self.word}

    @fal.endpoint("/")
    def run(self) -> dict:
        return {"from": "subclass"}

    @fal.endpoint("/check", health_check=HealthCheck(timeout_seconds=2))
    async def check(self) -> dict:
        return {"ok": True}

    @fal.endpoint("/cached")
    def cached(self) -> list:
        return [load(), load()]


@fal.cached
def load() -> int:
    load.count = getattr(load, "count", 0) + 1
    return load.count
