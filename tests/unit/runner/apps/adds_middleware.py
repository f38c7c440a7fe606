import fal
from fastapi import FastAPI


class Adds(fal.App):
    def _add_extra_middlewares(self, app: FastAPI) -> None:
        super()._add_extra_middlewares(app)

        @app.middleware("http")
        async def mark(request, call_next):
            answer = await call_next(request)
            answer.headers["x-mark"] = "1"
            return answer

    def _add_extra_routes(self, app: FastAPI) -> None:
        super()._add_extra_routes(app)

        @app.get("/more")
        def more() -> dict:
            return {"more": True}

    @fal.endpoint("/")
    def run(self) -> dict:
        return {"mine": self.current_request.headers.get("x-mine")}
