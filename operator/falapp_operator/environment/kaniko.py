"""What Kaniko says of a Dockerfile that it could not build, and what that means.

It ends with one line, "error building image: …", and writes before each RUN what it runs. What the
RUN itself prints stands between; nobody is harmed by one that imitates Kaniko but its own author.
"""

import re

from falapp_operator.api.conditions import Reason
from falapp_operator.environment import kubelet

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_ERROR = re.compile(r"^error building image: (.*)", re.M)
_RUNNING = re.compile(r"Running: \[(?:/bin/sh -c )?(.*)\]")
_EXITED = re.compile(r"waiting for process to exit: exit status (\d+)")
_NOT_THERE = re.compile(r"starting command: .*(no such file|not found)", re.I)
_AWAY = re.compile(
    r"no such host|connection (refused|reset)|i/o timeout|timeout|unexpected EOF|TOOMANYREQUESTS"
    r"|\b(429|50[0234])\b|server misbehaving|unreachable",
    re.I,
)
_REFUSED = re.compile(
    r"unauthorized|denied|manifest[ _]unknown|name[ _]unknown|not found|\b40[134]\b|forbidden"
    r"|could not parse reference|no child with platform",
    re.I,
)
_PULLING = re.compile(r"GET http|retrieving image|parse reference|no child with platform", re.I)
_FIELD = "spec.image.dockerfile"


def failure(log: str) -> tuple[Reason, str]:
    """Return why a Dockerfile was not built, from the end of Kaniko's log."""
    log = _COLOUR.sub("", log)
    errors = _ERROR.findall(log)
    said = errors[-1] if errors else ""
    command = kubelet.shown(next(reversed(_RUNNING.findall(log)), ""))
    if exited := _EXITED.search(said):
        what = f"`RUN {command}`" if command else "a RUN"
        message = f"{_FIELD}: {what} ended with exit status {exited[1]}; correct it"
    elif _NOT_THERE.search(said):
        message = f"{_FIELD}: the image has no /bin/sh to RUN commands with; begin with another one"
    elif _PULLING.search(said):
        return _pull(said)
    else:
        message = f"{_FIELD}: {kubelet.shown(said) or 'Kaniko ended without a word'}"
    return Reason.DOCKERFILE_FAILED, message


def _pull(said: str) -> tuple[Reason, str]:
    words = kubelet.shown(said)
    if _AWAY.search(said) and not _REFUSED.search(said):
        message = f"a registry that the Dockerfile names did not answer: {words}"
        return Reason.REGISTRY_UNREACHABLE, message
    message = (
        f"{_FIELD}: an image that it names cannot be pulled: {words}; check the name, and"
        " spec.image.pullSecret"
    )
    return Reason.BASE_IMAGE_PULL_FAILED, message


def tail(log: str) -> str:
    """Return a log without the colours of a terminal."""
    return _COLOUR.sub("", log)
