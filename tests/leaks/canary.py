"""Values that stand nowhere unless somebody put them there, in whatever spelling."""

import base64
import secrets
import string
from collections.abc import Iterator
from dataclasses import dataclass, field

_LETTERS = string.ascii_lowercase + string.digits
LENGTH = 12
"""Of a marker."""


def _marker() -> str:
    """Return a word of lower-case letters and digits, which no URL, JSON or shell has to quote."""
    return "".join(secrets.choice(_LETTERS) for _ in range(LENGTH))


@dataclass
class Canaries:
    """Values that share a marker: whoever finds the marker found one of them.

    The marker begins and ends each value, so that half a value, as where a log was cut, is found.
    """

    marker: str = field(default_factory=_marker)
    also: list[bytes] = field(default_factory=list)
    """Whole values that somebody else made, such as a signature."""
    _made: int = 0

    def make(self) -> str:
        """Return another value."""
        self._made += 1
        return f"{self.marker}{self._made:03}{self.marker}"

    def adopt(self, value: str) -> str:
        """Search for this value, too."""
        self.also.append(value.encode())
        return value

    def spellings(self) -> Iterator[tuple[str, bytes]]:
        """Yield what the marker looks like, encoded: (the encoding, the bytes)."""
        for value in (self.marker.encode(), *self.also):
            yield from spellings(value)

    def seen(self, data: bytes) -> str:
        """Return how a value stands in ``data``, or nothing."""
        return next((name for name, spelling in self.spellings() if spelling in data), "")


def spellings(value: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield a value raw and encoded; of base64, what does not depend on what stands beside it."""
    yield "raw", value
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + value)
        # A character holds six bits: leave out those that hold bits of others, or padding.
        first = -(-shift * 8 // 6)
        last = (shift + len(value)) * 8 // 6
        yield f"base64 ({shift})", encoded[first:last]
    yield "hexadecimal", value.hex().encode()
    yield "hexadecimal, capitals", value.hex().upper().encode()
    yield "URL-encoded", b"".join(b"%%%02x" % byte for byte in value)
    yield "URL-encoded, capitals", b"".join(b"%%%02X" % byte for byte in value)
    yield "UTF-16", value.decode().encode("utf-16-le")
    yield "reversed", value[::-1]
