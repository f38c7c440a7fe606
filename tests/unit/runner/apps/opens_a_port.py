import http.server
import os
import time

import fal

PORT = int(os.environ["PORT"])


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        time.sleep(float(self.path.strip("/") or 0))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"mine")


@fal.function(exposed_port=PORT)
def serves() -> None:
    http.server.ThreadingHTTPServer(("", PORT), Handler).serve_forever()


@fal.function(exposed_port=PORT)
def returns() -> None:
    pass


@fal.function(exposed_port=PORT + 1)
def elsewhere() -> None:
    pass


@fal.function()
def nowhere() -> None:
    pass
