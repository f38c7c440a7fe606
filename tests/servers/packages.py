"""Packages that tests make themselves: wheels and source archives of a few lines of text."""

import base64
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

DATE = (2026, 1, 1, 0, 0, 0)

BACKEND = '''\
"""Builds this package with nothing but Python."""

import pathlib
import zipfile

NAME, VERSION, MODULE, INFO = "{name}", "{version}", "{module}", "{module}-{version}.dist-info"
METADATA = {metadata!r}
WHEEL = "Wheel-Version: 1.0\\nGenerator: backend\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"


def get_requires_for_build_wheel(config_settings=None):
    return []


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    file = f"{{MODULE}}-{{VERSION}}-py3-none-any.whl"
    contents = {{
        f"{{MODULE}}.py": pathlib.Path(f"{{MODULE}}.py").read_text(),
        f"{{INFO}}/METADATA": METADATA,
        f"{{INFO}}/WHEEL": WHEEL,
    }}
    record = "".join(f"{{path}},,\\n" for path in [*contents, f"{{INFO}}/RECORD"])
    with zipfile.ZipFile(pathlib.Path(wheel_directory, file), "w") as archive:
        for path, text in {{**contents, f"{{INFO}}/RECORD": record}}.items():
            archive.writestr(path, text)
    return file
'''
ISOLATED = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


@dataclass(frozen=True)
class File:
    """A file of an index."""

    name: str
    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def module(name: str) -> str:
    """Return the name that a package is imported by."""
    return name.replace("-", "_")


def says(word: str) -> str:
    """Return the code of a module that holds a word."""
    return f"WORD = {word!r}\n"


def metadata(name: str, version: str, requires: Iterable[str] = ()) -> str:
    lines = ["Metadata-Version: 2.2", f"Name: {name}", f"Version: {version}"]
    return "\n".join([*lines, *(f"Requires-Dist: {each}" for each in requires), ""])


def wheel(
    name: str, word: str, *, version: str = "1.0", requires: Iterable[str] = (), more: str = ""
) -> File:
    """Make a wheel whose one module holds ``word``, and ``more`` code."""
    info = f"{module(name)}-{version}.dist-info"
    contents = {
        f"{module(name)}.py": says(word) + more,
        f"{info}/METADATA": metadata(name, version, requires),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},{_digest(t)},{len(t.encode())}\n" for path, t in contents.items())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, text in {**contents, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            archive.writestr(zipfile.ZipInfo(path, DATE), text)
    return File(f"{module(name)}-{version}-py3-none-any.whl", out.getvalue())


def tree(name: str, word: str, *, version: str = "1.0") -> dict[str, str]:
    """Return the files of a project that is built from source, and needs nothing for that."""
    told = {"name": name, "version": version, "module": module(name)}
    return {
        "pyproject.toml": ISOLATED,
        "backend.py": BACKEND.format(**told, metadata=metadata(name, version)),
        f"{module(name)}.py": says(word),
    }


def sdist(name: str, files: Mapping[str, str], *, version: str = "1.0") -> File:
    """Make a source archive of a project's files."""
    top = f"{module(name)}-{version}"
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for path, text in {"PKG-INFO": metadata(name, version), **files}.items():
            member = tarfile.TarInfo(f"{top}/{path}")
            member.size, member.mode = len(text.encode()), 0o644
            archive.addfile(member, io.BytesIO(text.encode()))
    return File(f"{top}.tar.gz", out.getvalue())


def _digest(text: str) -> str:
    raw = hashlib.sha256(text.encode()).digest()
    return f"sha256={base64.urlsafe_b64encode(raw).rstrip(b'=').decode()}"
