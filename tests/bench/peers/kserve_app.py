"""KServe, one worker."""

import sys

import kserve
from models import In, answer


class Model(kserve.Model):
    def __init__(self) -> None:
        super().__init__("bench")
        self.ready = True

    async def predict(self, payload, headers=None, response_headers=None):
        return {"predictions": [answer(In(**one)).model_dump() for one in payload["instances"]]}


if __name__ == "__main__":
    kserve.ModelServer(http_port=int(sys.argv[1]), enable_grpc=False, workers=1).start([Model()])
