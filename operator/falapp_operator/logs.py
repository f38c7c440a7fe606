"""The operator's log: one line an entry, and no credentials at any level."""

import logging
import sys
from typing import TextIO

from falapp_requirements.redact import Redactor

_OURS = "falapp_operator"
_KOPF = "kopf"
# At INFO kopf tells every event that it handed on.
_KOPF_EVENTS = "kopf.objects"


class Redacting(logging.Formatter):
    """Formats an entry, its traceback included, and hides what looks like a credential."""

    def __init__(self, form: str) -> None:
        super().__init__(form)
        self._redact = Redactor()

    def format(self, record: logging.LogRecord) -> str:
        """Return the entry's text."""
        return self._redact(super().format(record))


def configure(level: str, stream: TextIO | None = None) -> None:
    """Log to ``stream``, the standard output by default.

    Args:
        level: ``info`` or ``debug``. It counts for the operator and for kopf. Libraries that talk
            over the network stay silent: at DEBUG the Kubernetes client logs every answer, Secrets
            included, and httpx's the headers of every request.
        stream: Where to.
    """
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(Redacting("%(asctime)s %(levelname)s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    wanted = logging.getLevelNamesMapping()[level.upper()]
    logging.getLogger(_OURS).setLevel(wanted)
    logging.getLogger(_KOPF).setLevel(wanted)
    logging.getLogger(_KOPF_EVENTS).setLevel(wanted if level == "debug" else logging.WARNING)
