"""LitServe, one worker."""

import sys

import litserve
from models import In, Out, answer


class Api(litserve.LitAPI):
    def setup(self, device: str) -> None:
        pass

    def decode_request(self, request: In) -> In:
        return request

    def predict(self, given: In) -> Out:
        return answer(given)

    def encode_response(self, output: Out) -> Out:
        return output


if __name__ == "__main__":
    server = litserve.LitServer(Api(), accelerator="cpu", workers_per_device=1)
    server.run(
        host="127.0.0.1", port=int(sys.argv[1]), log_level="error", generate_client_file=False
    )
