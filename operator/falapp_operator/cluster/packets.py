"""What git servers say of their branches and tags (gitprotocol-common, gitprotocol-v2). Pure."""

import re

PEELED = "^{}"
"""After a tag's name: the commit that it points at."""
_MOST = 65_536
_WORDS = 5
"""Of a line that are looked at: a commit, a name, and what is said of them."""
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def packet(text: str) -> str:
    """Return one packet."""
    return f"{len(text) + 4:04x}{text}"


def lines(told: bytes) -> list[bytes] | None:
    """Return the packets in ``told``, up to where it is none any more; None for far too many."""
    found: list[bytes] = []
    at = 0
    for _ in range(_MOST):
        try:
            length = int(told[at : at + 4], 16)
        except ValueError:
            return found
        if length >= 4 and not told.startswith(b"# service=", at + 4):
            found.append(told[at + 4 : at + length].rstrip(b"\n"))
        at += max(length, 4)
    return None


def listed(said: list[bytes]) -> dict[str, str]:
    """Read the answer of protocol version 2: commit, name, and what a tag points at."""
    refs: dict[str, str] = {}
    for line in said:
        words = line.decode("utf-8", "replace").split(" ", _WORDS)
        commit, name, *attributes = [*words, ""]
        if _COMMIT.fullmatch(commit):
            refs[name] = commit
        for attribute in attributes:
            kind, _, value = attribute.partition(":")
            if kind == "peeled" and _COMMIT.fullmatch(value):
                refs[name + PEELED] = value
    return refs


def advertised(said: list[bytes]) -> dict[str, str]:
    """Read the answer of the first protocol: all that there is, tags peeled beside themselves."""
    refs: dict[str, str] = {}
    for line in said:
        commit, _, name = line.partition(b"\0")[0].decode("utf-8", "replace").partition(" ")
        if _COMMIT.fullmatch(commit):
            refs[name] = commit
    return refs
