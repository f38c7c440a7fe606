import fal
from pydantic import BaseModel


class Given(BaseModel):
    token: str = ""


class Knows(fal.App):
    def provide_hints(self) -> list[str]:
        return ["sdxl", "größe", "模型"]

    def told(self) -> dict:
        now = self.current_request
        return {
            "id": now.request_id,
            "endpoint": now.endpoint,
            "lifecycle": now.lifecycle_preference,
            "mine": now.headers.get("x-mine"),
            "policy": now.upload_policy is None,
        }

    @fal.endpoint("/sync")
    def sync(self, given: Given) -> dict:
        if given.token:
            self.current_request.headers["x-fal-cdn-token"] = given.token
        return self.told()

    @fal.endpoint("/async")
    async def later(self) -> dict:
        return self.told()
