"""Where user information stands in text: of URLs, also of malformed ones, in linear time.

A pattern that goes on to an "@" looks for it from each scheme anew, and a text of schemes without
one takes quadratic time: what anybody may write into a FalApp would stop the operator. So the
stretch up to where user information must have ended is looked at once for all schemes in it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# A scheme. Its length is bounded, or a long word would take quadratic time.
WORD = r"[A-Za-z][A-Za-z0-9+.-]{0,30}"
STOP = r"\s\"'`<>"
"""What ends a URL in the middle of a text."""
# A URL's beginning, also with too few slashes: "git+https:TOKEN@host" is what people type.
_SCHEME = re.compile(rf"(?:{WORD}:/{{1,3}}|(?:git\+)?(?:https?|ssh|git|ftp)[:/]+)(?![:/])")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A way in which user information is written."""

    head: re.Pattern[str]
    """What stands at its beginning."""
    stop: re.Pattern[str]
    """What cannot be in the rest of it."""

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where user information begins, after its scheme, and ends, after its "@"."""
        stretch, position = _Stretch(text, self.stop), 0
        while scheme := _SCHEME.search(text, position):
            position = scheme.end()
            head = self.head.match(text, position)
            at = stretch.last_at(head.end()) if head else -1
            if at >= 0:
                yield position, at + 1
                position = at + 1


def _broken(stop: str, end: str) -> Kind:
    # A password with an unescaped slash, "?" or "#": after "name:" no port, and an "@" further on.
    head = rf"[^{stop}/@:]*:(?!\d+(?:[/?#]))"
    return Kind(head=re.compile(head), stop=re.compile(end))


PLAIN = Kind(head=re.compile(""), stop=re.compile(rf"[{STOP}/?#]"))
BROKEN = _broken(STOP, rf"[{STOP}]")
# In an item of its own no quotation mark ends a URL, and none hides the rest of a password.
ITEM_PLAIN = Kind(head=re.compile(""), stop=re.compile(r"[/?#]"))
ITEM_BROKEN = _broken("", r"\n")


class _Stretch:
    """The text up to the next stop, and the last "@" in it."""

    def __init__(self, text: str, stop: re.Pattern[str]) -> None:
        self._text = text
        self._stop = stop
        self._end = self._at = -1

    def last_at(self, start: int) -> int:
        """Return where the last "@" from ``start`` to the next stop is; -1 without one.

        Args:
            start: No less than the last time.
        """
        if start > self._end:
            found = self._stop.search(self._text, start)
            self._end = found.start() if found else len(self._text)
            self._at = self._text.rfind("@", start, self._end)
        return self._at if self._at >= start else -1
