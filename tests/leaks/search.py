"""Looks into files, and into the files that are packed in them."""

import base64
import binascii
import bz2
import gzip
import io
import json
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator

import zstandard

from tests.leaks.canary import Canaries

_DEEPEST = 6
_PACKED = re.compile(rb"[A-Za-z0-9+/]{32,}={0,2}")
_ZSTANDARD = b"\x28\xb5\x2f\xfd"


class UnreadableError(Exception):
    """Something is packed in a way that this cannot open: nothing can be said about it."""


def leaks(name: str, data: bytes, canaries: Canaries) -> Iterator[str]:
    """Yield where a value stands in a file or in what it holds, as "layer > path (raw)"."""
    for path, part in parts(name, data):
        if spelling := canaries.seen(part):
            yield f"{path} ({spelling})"


def parts(name: str, data: bytes, depth: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield a file and everything that is packed in it, with the way there."""
    yield name, data
    if depth == _DEEPEST:
        raise UnreadableError(f"{name}: packed more than {_DEEPEST} times")
    for inner, part in _opened(name, data):
        yield from parts(f"{name} > {inner}", part, depth + 1)


def _opened(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    if data[:2] == b"\x1f\x8b":
        yield "gzip", _inflated(name, gzip.decompress, data)
    elif data[:3] == b"BZh":
        yield "bzip2", _inflated(name, bz2.decompress, data)
    elif data[:6] == b"\xfd7zXZ\0":
        yield "xz", _inflated(name, lzma.decompress, data)
    elif data[:4] == _ZSTANDARD:
        yield "zstd", _inflated(name, _unpacked, data)
    elif data[:4] == b"PK\x03\x04":
        yield from _zip(data)
    elif data[257:262] == b"ustar":
        yield from _tar(data)
    elif data[:1] in (b"{", b"["):
        yield from _encoded(data)


def _inflated(name, inflate, data: bytes) -> bytes:
    try:
        return bytes(inflate(data))
    except (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError) as error:
        # Packages have broken archives among their tests; a layer is none of these.
        if ">" in name:
            return b""
        raise UnreadableError(f"{name}: {error}") from error


def _unpacked(data: bytes) -> bytes:
    found = b""
    while data:  # there may be several frames; one that ends too early raises nothing by itself
        frame = zstandard.ZstdDecompressor().decompressobj()
        found += frame.decompress(data)
        if not frame.eof:
            raise EOFError("the last frame has no end")
        data = frame.unused_data
    return found


def _zip(data: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile:
        return
    with archive:
        for member in archive.infolist():
            yield f"{member.filename} (name)", member.filename.encode()
            if not member.is_dir():
                yield member.filename, archive.read(member)


def _tar(data: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            told = f"{member.name}\n{member.linkname}\n{member.pax_headers}"
            yield f"{member.name} (header)", told.encode(errors="surrogateescape")
            file = archive.extractfile(member) if member.isfile() else None
            if file:
                yield member.name, file.read()


def _encoded(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield what stands in JSON as base64 of something packed: files in a ConfigMap, say."""
    try:
        json.loads(data)
    except ValueError:
        return
    for found in _PACKED.finditer(data):
        try:
            inner = base64.b64decode(found[0], validate=True)
        except binascii.Error:
            continue
        yield f"base64 at {found.start()}", inner
