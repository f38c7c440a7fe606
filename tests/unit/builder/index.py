"""A package index with wheels made on the spot."""

import base64
import hashlib
import io
import tarfile
import zipfile
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import unquote, urlsplit

from .server import Server, reply

USER, PASSWORD, SIGNATURE = "somebody", "CANARYpassword", "CANARYsignature"


class Index(Server):
    """Serves /simple; files need the password, and their links hold a signature."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.wrong_hashes = False
        self.refusal = 0
        self.open = False
        self.headers: dict[str, str] = {}
        self.page = f"http://{self.host}/simple/"
        self.url = f"http://{USER}:{PASSWORD}@{self.host}/simple/"

    def add(
        self,
        name: str,
        version: str,
        *needs: str,
        tag: str = "py3-none-any",
        extras: tuple[str, ...] = (),
    ) -> str:
        """Add a wheel and return its address with credentials."""
        path = self.folder / name / f"{name}-{version}-{tag}.whl"
        path.parent.mkdir(parents=True, exist_ok=True)
        info = f"{name}-{version}.dist-info"
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        metadata += "".join(f"Requires-Dist: {need}\n" for need in needs)
        metadata += "".join(f"Provides-Extra: {extra}\n" for extra in extras)
        files = {
            f"{name}/__init__.py": f"version = {version!r}\n",
            f"{info}/METADATA": metadata,
            f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
        }
        record = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
        with zipfile.ZipFile(path, "w") as archive:
            for file, text in {**files, f"{info}/RECORD": record}.items():
                archive.writestr(file, text)
        return f"http://{USER}:{PASSWORD}@{self.host}/simple/{name}/{path.name}?sig={SIGNATURE}"

    def add_source(self, name: str, version: str, files: dict[str, str]) -> str:
        """Add a source distribution and return its address with credentials."""
        path = self.folder / name / f"{name}-{version}.tar.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        with tarfile.open(path, "w:gz") as archive:
            for file, text in {"PKG-INFO": metadata, **files}.items():
                entry = tarfile.TarInfo(f"{name}-{version}/{file}")
                entry.size = len(text.encode())
                archive.addfile(entry, io.BytesIO(text.encode()))
        return f"http://{USER}:{PASSWORD}@{self.host}/simple/{name}/{path.name}?sig={SIGNATURE}"

    def sha256(self, name: str, file: str) -> str:
        """Return the digest of a file."""
        return hashlib.sha256((self.folder / name / file).read_bytes()).hexdigest()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        if self.refusal:
            return reply(request, self.refusal, headers={"WWW-Authenticate": "Basic"})
        secret = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if not self.open and request.headers.get("Authorization") != f"Basic {secret}":
            return reply(request, 401, headers={"WWW-Authenticate": "Basic"})
        path = self.folder / unquote(urlsplit(request.path).path).removeprefix("/simple/")
        if path.is_file():
            return reply(request, 200, path.read_bytes(), self.headers)
        if path.is_dir():
            page = "".join(f"{self._link(file)}\n" for file in sorted(path.iterdir()))
            return reply(request, 200, page.encode(), {"Content-Type": "text/html"})
        return reply(request, 404)

    def _link(self, file: Path) -> str:
        digest = "0" * 64 if self.wrong_hashes else hashlib.sha256(file.read_bytes()).hexdigest()
        return f'<a href="{file.name}?sig={SIGNATURE}#sha256={digest}">{file.name}</a>'
