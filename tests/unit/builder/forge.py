"""A git server on the loopback interface that wants a token, as forges do."""

import base64
import os
import subprocess
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

from .server import Server, reply

TOKEN = "CANARYtoken"  # noqa: S105 - a test's own
SETUP = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
# A build backend without dependencies: unit tests have no index to take setuptools from.
BACKEND = """
import pathlib, zipfile
NAME, VERSION, NEEDS, EXTRAS = {name!r}, {version!r}, {needs!r}, {extras!r}
INFO = f"{{NAME}}-{{VERSION}}.dist-info"
def metadata():
    lines = [f"Metadata-Version: 2.1", f"Name: {{NAME}}", f"Version: {{VERSION}}"]
    lines += [f"Requires-Dist: {{n}}" for n in NEEDS] + [f"Provides-Extra: {{e}}" for e in EXTRAS]
    return "\\n".join(lines) + "\\n"
def prepare_metadata_for_build_wheel(folder, config_settings=None):
    {extra}
    path = pathlib.Path(folder, INFO)
    path.mkdir()
    (path / "METADATA").write_text(metadata())
    return INFO
def build_wheel(folder, config_settings=None, metadata_directory=None):
    {extra}
    name = f"{{NAME}}-{{VERSION}}-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as wheel:
        wheel.writestr(f"{{NAME}}/__init__.py", f"version = {{VERSION!r}}\\n")
        wheel.writestr(f"{{INFO}}/METADATA", metadata())
        wheel.writestr(f"{{INFO}}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\n"
                       "Tag: py3-none-any\\n")
        wheel.writestr(f"{{INFO}}/RECORD", "")
    return name
"""


def project(
    name: str, version: str, *needs: str, extras: tuple[str, ...] = (), extra: str = "pass"
) -> dict[str, str]:
    """Return the files of a package that builds with nothing but itself."""
    told = {"name": name, "version": version, "needs": list(needs), "extras": extras}
    backend = BACKEND.format(**told, extra=extra)
    return {"pyproject.toml": SETUP, "backend.py": backend}


class Forge(Server):
    """Repositories under /, for whoever shows the token as user or password."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.status = 0
        self.open = False

    def add(self, name: str, files: dict[str, str], tag: str = "v1") -> str:
        """Make a repository with one commit and return its hash."""
        work = self.folder / f"work-{name}"
        for path, text in files.items():
            (work / path).parent.mkdir(parents=True, exist_ok=True)
            (work / path).write_text(text)
        for command in (
            ["init", "--quiet", "--initial-branch=main"],
            ["add", "--all"],
            ["commit", "--quiet", "--message", "made by a test"],
            ["tag", tag],
            ["clone", "--quiet", "--bare", str(work), str(self.folder / f"{name}.git")],
        ):
            _git(work, *command)
        return _git(work, "rev-parse", "HEAD").strip()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        given = request.headers.get("Authorization", "").partition(" ")[2]
        if self.status:
            return reply(request, self.status)
        if not self.open and TOKEN not in base64.b64decode(given).decode().split(":"):
            return reply(request, 401, headers={"WWW-Authenticate": "Basic"})
        url = urlsplit(request.path)
        if not (self.folder / url.path.split("/")[1]).is_dir():
            return reply(request, 404)
        return self._backend(request, url.path, url.query)

    def _backend(self, request: BaseHTTPRequestHandler, path: str, query: str) -> None:
        length = request.headers.get("Content-Length", "0")
        cgi = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": request.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": length,
            "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        }
        command = ["git", "-c", f"safe.directory={self.folder}", "http-backend"]
        body = request.rfile.read(int(length))
        done = subprocess.run(command, input=body, env=cgi, capture_output=True, check=True)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        status = headers.pop("Status", "200 OK")
        return reply(request, int(status.split()[0]), content, headers)


def _git(folder: Path, *arguments: str) -> str:
    who = {
        f"GIT_{role}_{part}": "tests@example"
        for role in ("AUTHOR", "COMMITTER")
        for part in ("NAME", "EMAIL")
    }
    settings = {"HOME": str(folder), "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**settings, **who},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
