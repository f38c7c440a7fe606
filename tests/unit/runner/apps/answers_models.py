import enum
from datetime import UTC, date, datetime

import fal
from pydantic import BaseModel, Field, field_validator


class Size(enum.Enum):
    SMALL = "small"
    LARGE = "large"


class Inner(BaseModel):
    weight: float = 1.5


class Given(BaseModel):
    prompt: str = Field(min_length=1, description="what to draw")
    steps: int = Field(default=4, ge=1, le=50)
    size: Size = Size.SMALL
    when: date | str = "today"
    inner: Inner = Inner()
    raw: bytes = b""

    @field_validator("prompt")
    @classmethod
    def polite(cls, value: str) -> str:
        if "rude" in value:
            raise ValueError("be polite")
        return value


class Answer(BaseModel):
    text: str
    size: Size
    when: date | str
    at: datetime = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    weight: float


def answer(given: Given) -> Answer:
    return Answer(
        text=given.prompt * given.steps,
        size=given.size,
        when=given.when,
        weight=given.inner.weight,
    )


class Models(fal.App):
    @fal.endpoint("/async")
    async def later(self, given: Given) -> Answer:
        return answer(given)

    @fal.endpoint("/sync")
    def now(self, given: Given) -> Answer:
        return answer(given)

    @fal.endpoint("/dict")
    def untyped(self, given: Given) -> dict:
        return {"text": given.prompt, "nothing": None, "size": given.size}

    @fal.endpoint("/unannotated")
    async def unannotated(self, given: Given):
        return [given, {"é": given.inner}]

    @fal.endpoint("/bare")
    def bare(self, prompt: str, steps: int = 2) -> dict:
        return {"text": prompt * steps}

    @fal.endpoint("/two")
    def two(self, given: Given, inner: Inner) -> float:
        return inner.weight + given.inner.weight

    @fal.endpoint("/maybe")
    def maybe(self, given: Given | None = None) -> bool:
        return given is None

    @fal.endpoint("/wrong")
    async def wrong(self, given: Given) -> Answer:
        return {"text": given.prompt}  # type: ignore[return-value]

    @fal.endpoint("/items/{name}")
    def item(self, name: str, given: Inner) -> dict:
        return {name: given.weight}
