"""The command of the sidecar: `python -m falapp_builder.relay`."""

import sys

import uvicorn

from falapp_builder.pod import report, request
from falapp_builder.pod.places import IN_POD, RELAY_PORT
from falapp_builder.relay import upstream
from falapp_builder.relay.application import application


def serve() -> None:
    """Serve until the pod's other containers have ended.

    Raises:
        Failure: The request or the credentials cannot be used.
    """
    asked = request.read(IN_POD.request)
    app = application(upstream.connect(asked, IN_POD), cache=asked.cache, base=asked.base)
    uvicorn.run(app, host="127.0.0.1", port=RELAY_PORT, log_level="warning", access_log=False)


if __name__ == "__main__":
    sys.exit(report.guarded(serve, IN_POD.termination))
