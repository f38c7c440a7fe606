import fal
from fastapi import BackgroundTasks, Depends, Header, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel


class Given(BaseModel):
    name: str = "Ada"


def twice(x_name: str = Header("Bob")) -> str:
    return x_name * 2


def opened() -> str:
    yield "open"


class Raw(fal.App):
    done = 0

    @fal.endpoint("/request")
    async def request(self, request: Request) -> dict:
        body = await request.body()
        return {"size": len(body), "path": request.url.path, "query": request.url.query}

    @fal.endpoint("/response")
    def response(self, given: Given, response: Response) -> dict:
        response.headers["x-fal-billable-units"] = "7"
        response.status_code = 202
        return {"name": given.name}

    @fal.endpoint("/depends")
    def depends(self, name: str = Depends(twice), resource: str = Depends(opened)) -> dict:
        return {"name": name, "resource": resource}

    @fal.endpoint("/returns")
    async def returns(self, given: Given):
        return PlainTextResponse(f"hello {given.name}", 203, headers={"x-hello": "1"})

    @fal.endpoint("/json")
    def json(self, given: Given) -> JSONResponse:
        return JSONResponse({"name": given.name})

    @fal.endpoint("/nothing")
    async def nothing(self, given: Given) -> None:
        return None

    @fal.endpoint("/empty")
    async def empty(self) -> Response:
        return Response(status_code=204)

    @fal.endpoint("/background")
    async def background(self, tasks: BackgroundTasks) -> dict:
        tasks.add_task(self.count)
        return {}

    def count(self) -> None:
        self.done += 1

    @fal.endpoint("/done")
    def told(self) -> int:
        return self.done
