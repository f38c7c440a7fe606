"""Lines of JSON with the app, the revision and the request that they belong to."""

import json
import logging
import time
from typing import Any

from falapp_runner.serving import context

_app: dict[str, str] = {}


def configure(app: str, revision: str) -> None:
    """Name the app in every line; give `logging` a form if the app has given it none."""
    _app.update({"app": app, "revision": revision})
    if not logging.root.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(Formatter())
        handler.setLevel(logging.WARNING)  # as `logging` does without a handler
        logging.root.addHandler(handler)


def who() -> dict[str, str]:
    """Return the app, its revision and the request in work, as far as there is one."""
    request = context.request_id.get()
    return {**_app, "request_id": request} if request else dict(_app)


def say(message: str, **more: Any) -> None:
    """Write one line."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    print(json.dumps({"time": now, **who(), "message": message, **more}), flush=True)


class Formatter(logging.Formatter):
    """A record of `logging` as a line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        line = {
            "time": moment,
            "level": record.levelname,
            "logger": record.name,
            **who(),
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)
