"""What the operator's log shows, and what it never does."""

import io
import logging
from collections.abc import Iterator

import pytest

from falapp_operator import logs

NAMES = ("", "falapp_operator", "kopf", "kopf.objects")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """A log of its own; afterwards everything is as it was."""
    root = logging.getLogger()
    before = [(logging.getLogger(name), logging.getLogger(name).level) for name in NAMES]
    handlers = list(root.handlers)
    yield io.StringIO()
    root.handlers[:] = handlers
    for logger, level in before:
        logger.setLevel(level)


@pytest.mark.parametrize(
    ("level", "logger", "shown"),
    [
        ("info", "falapp_operator.reconcile", False),
        ("debug", "falapp_operator.reconcile", True),
        ("debug", "kopf.objects", True),
        ("debug", "kubernetes.aio.client.rest", False),
        ("debug", "httpcore.http11", False),
        ("debug", "httpx", False),
    ],
)
def test_debug_is_for_the_operator_and_kopf(
    log: io.StringIO, level: str, logger: str, shown: bool
) -> None:
    logs.configure(level, log)
    logging.getLogger(logger).debug("a word")
    assert ("a word" in log.getvalue()) is shown


def test_credentials_are_hidden_in_messages_and_in_tracebacks(log: io.StringIO) -> None:
    logs.configure("debug", log)
    url = "https://reader:canary-1@index.example/simple?X-Amz-Signature=canary-2"
    try:
        raise ValueError(f"cannot read {url}")
    except ValueError:
        logging.getLogger("falapp_operator").exception("failed at %s", url)
    assert "ValueError" in log.getvalue()
    assert "canary" not in log.getvalue()
