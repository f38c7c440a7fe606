"""Plain FastAPI."""

from fastapi import FastAPI
from models import In, Out, answer

app = FastAPI()


@app.post("/async")
async def later(given: In) -> Out:
    return answer(given)


@app.post("/sync")
def now(given: In) -> Out:
    return answer(given)


@app.get("/health")
async def health() -> dict:
    return {}
