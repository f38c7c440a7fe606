"""The control server: tells the kubelet whether setup() has returned and whether to send requests.

It runs on a thread and a port of its own from before the app's code is imported, so that an app
with its own /health, with none, or with a setup() that blocks everything else is gated alike.
"""

import http.server
import json
import threading
from typing import ClassVar

from falapp_runner import port, state
from falapp_runner.serving import metrics


class Gate:
    """Answers /startup, /ready, /live, /state and /metrics for one runner."""

    def __init__(
        self, life: state.Life, number: int, counts: metrics.Metrics | None = None
    ) -> None:
        shown = counts or metrics.Metrics(life)
        handler = type("Handler", (_Handler,), {"life": life, "counts": shown})
        self._server = _Server(("", number), handler, bind_and_activate=False)
        self._server.socket.close()
        self._server.socket = port.bind(number)
        self._server.socket.listen(128)
        self.port: int = self._server.socket.getsockname()[1]

    def start(self) -> None:
        """Answer from now on, until the process ends."""
        threading.Thread(target=self._server.serve_forever, name="falapp-gate", daemon=True).start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet about probes that hang up: the app's log is the user's."""


class _Handler(http.server.BaseHTTPRequestHandler):
    life: ClassVar[state.Life]
    counts: ClassVar[metrics.Metrics]
    timeout = 5
    server_version = "falapp"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer one probe."""
        now = self.life.state
        codes = state.CODES[now]
        probes = {"/startup": codes.startup, "/ready": codes.ready, "/live": codes.live}
        path = self.path.partition("?")[0]
        if path in probes:
            self._answer(probes[path], {"state": now})
        elif path == "/state":
            self._answer(200, self.life.report())
        elif path == "/metrics":
            self._send(200, "text/plain; version=0.0.4; charset=utf-8", self.counts.render())
        else:
            paths = "/startup, /ready, /live, /state, /metrics"
            self._answer(404, {"detail": f"{path}: the paths are {paths}"})

    do_HEAD = do_GET  # noqa: N815 - the base calls it so

    def _answer(self, code: int, body: dict[str, object]) -> None:
        self._send(code, "application/json", json.dumps(body))

    def _send(self, code: int, kind: str, body: str) -> None:
        text = body.encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing: probes come every second."""
