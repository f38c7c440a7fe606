"""Git over HTTPS: git's own http-backend behind a check of tokens, as forges do it.

A token is a user name or a password. Nobody's token gets 401, one for other repositories 403, and
a repository that does not exist 404.
"""

import base64
import json
import os
import subprocess
import tempfile
from pathlib import Path

from serve import refuse, serve

ROOT = Path("/tmp/repositories")  # noqa: S108 - a pod of its own
BACKEND = "/usr/lib/git-core/git-http-backend"
MADE = {
    "HOME": "/tmp",  # noqa: S108
    "PATH": os.environ["PATH"],
    "GIT_AUTHOR_NAME": "tests",
    "GIT_AUTHOR_EMAIL": "tests@falapp.dev",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_NAME": "tests",
    "GIT_COMMITTER_EMAIL": "tests@falapp.dev",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
}


def main() -> None:
    tokens = json.loads(Path("/secrets/tokens.json").read_text())
    for name, commits in json.loads(Path("/files/repositories.json").read_text()).items():
        make(ROOT / name, commits)
    serve(lambda environ, start: answer(tokens, environ, start))


def make(bare: Path, commits) -> None:
    """Make a repository; each commit says its files, and where a tag or a branch begins."""
    with tempfile.TemporaryDirectory() as folder:

        def git(*args: str) -> None:
            subprocess.run(["git", *args], cwd=folder, env=MADE, check=True)

        git("init", "--quiet", "--initial-branch=main")
        for commit in commits:
            if "branch" in commit:
                git("checkout", "--quiet", "-B", commit["branch"])
            for path, text in commit["files"].items():
                file = Path(folder, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
            git("add", "--all")
            git("commit", "--quiet", "--message", "made by the tests")
            if "tag" in commit:
                git("tag", commit["tag"])
        git("checkout", "--quiet", "main")
        git("clone", "--quiet", "--bare", folder, str(bare))


def answer(tokens, environ, start_response):
    """Check who asks, then let git answer."""
    given = credentials(environ.get("HTTP_AUTHORIZATION", ""))
    allowed = next((tokens[word] for word in given if word in tokens), None)
    name = environ["PATH_INFO"].lstrip("/").partition("/")[0]
    if allowed is None:
        return refuse(start_response, 401)
    if not (ROOT / name).is_dir():
        return refuse(start_response, 404)
    if name not in allowed:
        return refuse(start_response, 403)
    return run(environ, start_response)


def credentials(header: str):
    kind, _, encoded = header.partition(" ")
    if kind.lower() != "basic":
        return ()
    return base64.b64decode(encoded).decode().partition(":")[::2]


def run(environ, start_response):
    """Run http-backend as a CGI program."""
    told = {key: value for key, value in environ.items() if isinstance(value, str)}
    backend = {"GIT_PROJECT_ROOT": str(ROOT), "GIT_HTTP_EXPORT_ALL": "1", "REMOTE_USER": "tests"}
    body = b""
    if environ.get("wsgi.input_terminated"):  # in chunks, as git sends what is long
        body = environ["wsgi.input"].read()
    elif environ.get("CONTENT_LENGTH"):
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    done = subprocess.run(
        [BACKEND],
        input=body,
        env={**MADE, **told, **backend, "CONTENT_LENGTH": str(len(body))},
        stdout=subprocess.PIPE,
        check=True,
    )
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    headers = [tuple(line.split(": ", 1)) for line in head.decode().split("\r\n")]
    status = next((value for name, value in headers if name == "Status"), "200 OK")
    start_response(status, [(name, value) for name, value in headers if name != "Status"])
    return [content]


main()
