"""An app's files from a git repository, before its runner starts.

The login is in the environment of this process, which runs nothing of the repository's, and of git,
which is told it by a helper: no argument, file or message holds it.
"""

import dataclasses
import os
import re
import shutil
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from falapp_builder.pod import report
from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.places import Places
from falapp_builder.programs import git, tool
from falapp_requirements.redact import Redactor

# The operator's spelling: falapp_runner.contract, which a test compares with these.
URL, COMMIT, PATH = "FALAPP_SOURCE_URL", "FALAPP_SOURCE_COMMIT", "FALAPP_SOURCE_PATH"
AUTHORITY, SECRET = "FALAPP_SOURCE_AUTHORITY", "FALAPP_GIT_"
APP = Path("/falapp/app")
TOKEN_USER = "x-token-auth"  # noqa: S105 - a user name
"""Who shows a token: Bitbucket wants this one, the others take any."""

# a server that stalls would keep the pod for ever: less than 1 kB/s for a minute
_PATIENCE = {"GIT_HTTP_LOW_SPEED_LIMIT": "1000", "GIT_HTTP_LOW_SPEED_TIME": "60"}
_CLONE = ".falapp-clone"
_FIELD = "spec.source.git"
_SAID = (
    (r"not our ref|reference is not a tree|unable to read tree|did not match any file",
     Reason.SOURCE_NOT_FOUND, "ref: {url} has no commit {commit}; push it, or give another one"),
    (r"could not read (Username|Password)|Authentication failed|returned error: 40[13]",
     Reason.ACCESS_DENIED, "url: {url} refuses access; check the login in secretRef"),
    (r"not found|returned error: 404|does not appear to be a git repository",
     Reason.SOURCE_NOT_FOUND, "url: there is no git repository at {url}, or it is private"),
    (r"No space left on device|Disk quota exceeded",
     Reason.DISK_FULL, "url: {url} does not fit on the disk of the runner's node"),
)  # fmt: skip
"""What git says, and what it means; anything else is tried again."""


def main() -> None:
    """Clone what the variables say, or report why not."""
    # the first process of a container is not ended by a signal that it does not handle
    signal.signal(signal.SIGTERM, lambda *_: os._exit(128 + signal.SIGTERM))
    places = Places(
        tools=Path("/falapp/tools"), authority=Path(os.environ.get(AUTHORITY) or "/nonexistent")
    )
    sys.exit(report.guarded(lambda: clone(places, os.environ, APP), places.termination))


def clone(places: Places, variables: Mapping[str, str], app: Path) -> None:
    """Fill ``app`` with the folder of the commit.

    Raises:
        Failure: It cannot be had.
    """
    url, commit = variables[URL], variables[COMMIT]
    user, password = _login(variables)
    for left in app.iterdir():  # of a try before this one
        _remove(left)
    folder = app / _CLONE
    redact = Redactor((), [v for v in (user, password) if v])
    with tool.workshop(places) as place:
        place = dataclasses.replace(place, variables={**place.variables, **_PATIENCE})
        code, said = git.checkout(place, _url(url, user, password), commit, folder, redact)
    if code:
        raise _refused(said, url, commit)
    _raise(folder, variables.get(PATH, ""), app, url)
    print(f"falapp: {url} at {commit}", flush=True)


def _login(variables: Mapping[str, str]) -> tuple[str, str]:
    given = {key: variables.get(SECRET + key, "").rstrip("\r\n") for key in _KEYS}
    if given["token"]:
        return given["username"] or TOKEN_USER, given["token"]
    return given["username"], given["password"]


_KEYS = ("token", "username", "password")


def _url(url: str, user: str, password: str) -> str:
    if not password:
        return url
    parts = urlsplit(url)
    userinfo = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{userinfo}@{parts.netloc}"))


def _refused(said: str, url: str, commit: str) -> Failure:
    for pattern, reason, message in _SAID:
        if re.search(pattern, said):
            return Failure(reason, f"{_FIELD}.{message.format(url=url, commit=commit)}", said)
    message = f"{_FIELD}.url: {url} cannot be cloned yet; it is tried again"
    return Failure(Reason.SOURCE_UNREACHABLE, message, said)


def _raise(folder: Path, path: str, app: Path, url: str) -> None:
    """Bring what is in a folder of the clone up to where the app looks for it."""
    _remove(folder / ".git")
    chosen = (folder / path).resolve()
    if not chosen.is_dir() or not chosen.is_relative_to(folder.resolve()):
        raise Failure(
            Reason.SOURCE_NOT_FOUND, f"{_FIELD}.path: {url} has no folder {path!r} at this commit"
        )
    for entry in chosen.iterdir():
        entry.rename(app / entry.name)
    _remove(folder)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
