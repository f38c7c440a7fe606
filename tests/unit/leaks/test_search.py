"""A search that finds nothing proves something only if it finds what is there."""

import base64
import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from urllib.parse import quote

import pytest
import zstandard

from tests.leaks import search
from tests.leaks.canary import Canaries

CANARIES = Canaries(marker="k3v9w2m8q1zx")
VALUE = CANARIES.make()


def found(data: bytes, canaries: Canaries = CANARIES) -> list[str]:
    return list(search.leaks("place", data, canaries))


ENCODINGS = {
    "raw": lambda value: value,
    "hexadecimal": lambda value: value.encode().hex(),
    "hexadecimal in capitals": lambda value: value.encode().hex().upper(),
    "every character URL-encoded": lambda value: "".join(f"%{ord(c):02X}" for c in value),
    "in a quoted URL": lambda value: quote(f"https://user:{value}@host/?a=b", safe=""),
    "in JSON": lambda value: json.dumps({"a": f'"{value}\n'}),
    "in a string in JSON": lambda value: json.dumps({"a": json.dumps([value])}),
    "backwards": lambda value: value[::-1],
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_value_is_found_in_every_spelling(encoding):
    assert found(f"before {ENCODINGS[encoding](VALUE)} after".encode())


@pytest.mark.parametrize("before", range(6))
@pytest.mark.parametrize("after", range(3))
def test_a_value_is_found_in_base64_wherever_it_begins(before, after):
    text = "u" * before + VALUE + "p" * after
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        assert found(b"Basic " + encode(text.encode()) + b"\n")


def test_a_value_is_found_in_base64_of_base64_of_json():
    inner = base64.b64encode(json.dumps({"auth": VALUE}).encode())
    assert found(json.dumps({"data": base64.b64encode(inner).decode()}).encode())


@pytest.mark.parametrize("cut", [slice(0, 14), slice(10, None)])
def test_half_a_value_is_found(cut):
    assert found(VALUE[cut].encode())


def test_a_value_of_somebody_elses_making_is_found():
    canaries = Canaries()
    canaries.adopt("0123456789abcdef" * 4)
    assert found(b"X-Amz-Signature=" + b"0123456789abcdef" * 4, canaries)


def tar(*members: tuple[str, bytes], link: str = "") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        if link:
            member = tarfile.TarInfo("link")
            member.type, member.linkname = tarfile.SYMTYPE, link
            archive.addfile(member)
    return out.getvalue()


def wheel(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


HIDDEN = VALUE.encode()
PLACES = {
    "a layer": gzip.compress(tar(("opt/env/direct_url.json", HIDDEN))),
    "a layer with zstd": zstandard.compress(tar(("opt/env/direct_url.json", HIDDEN))),
    "two frames of zstd": zstandard.compress(b"x") + zstandard.compress(HIDDEN),
    "a layer without compression": tar(("opt/env/direct_url.json", HIDDEN)),
    "a file's name in a layer": gzip.compress(tar((f"opt/{VALUE}", b""))),
    "a link in a layer": gzip.compress(tar(link=f"/opt/{VALUE}")),
    "a wheel in a layer": gzip.compress(tar(("x.whl", wheel("METADATA", HIDDEN)))),
    "a file's name in a wheel": wheel(VALUE, b""),
    "a layer in a layer": gzip.compress(tar(("a.tgz", gzip.compress(tar(("b", HIDDEN)))))),
    "bzip2": bz2.compress(HIDDEN),
    "xz": lzma.compress(HIDDEN),
    "a wheel in a ConfigMap": json.dumps(
        {"binaryData": {"a.whl": base64.b64encode(wheel("METADATA", HIDDEN)).decode()}}
    ).encode(),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_value_is_found_wherever_it_is_packed(place):
    assert found(PLACES[place])


@pytest.mark.parametrize("place", PLACES)
def test_other_values_are_not_there(place):
    assert found(PLACES[place], Canaries()) == []


@pytest.mark.parametrize(
    "data",
    [
        b"\x28\xb5\x2f\xfd....",
        zstandard.compress(bytes(range(256)) * 99)[:-9],
        zstandard.compress(b"x") + zstandard.compress(bytes(range(256)) * 99)[:-9],
        gzip.compress(b"x" * 99, mtime=0)[:-9],
        b"\xfd7zXZ\0broken",
    ],
)
def test_what_cannot_be_opened_is_no_good_news(data):
    with pytest.raises(search.UnreadableError):
        found(data)


def test_two_markers_are_never_the_same():
    assert len({Canaries().marker for _ in range(100)}) == 100
