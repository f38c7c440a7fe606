"""One spelling for one meaning: what the environment's key is made of.

`falapp_requirements` says what an item may be; `packaging`, the grammar that pip and uv follow,
says here whether versions and markers are well-formed. Items keep their order, as on fal: an index
that comes first counts first.
"""

from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Parsed
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from falapp_requirements import credentials, options, tokens, urls, variables
from falapp_requirements.credentials import Separated
from falapp_requirements.options import Option
from falapp_requirements.tokens import Requirement

Layers = tuple[tuple[str, ...], ...]
"""Requirement layers: tokens in order."""


def canonical(layers: Iterable[Iterable[str]]) -> Layers:
    """Return the layers in the one spelling of their meaning, without literal credentials.

    It may be given its own result, which it leaves as it is.

    Raises:
        RequirementError: An item is none that an environment accepts.
    """
    return _separated(layers).layers


def read(layers: Iterable[Iterable[str]]) -> Separated:
    """Return what `canonical` does, of what a user wrote, and the credentials that stood in it.

    Raises:
        RequirementError: Like `canonical`, or an item uses a name that is the operator's own.
    """
    given = tuple(tuple(layer) for layer in layers)
    for layer in given:
        variables.refuse_reserved(layer)
    return _separated(given)


def _separated(layers: Iterable[Iterable[str]]) -> Separated:
    return credentials.separated(
        tuple(_spelled(item) for item in tokens.parse(layer).items) for layer in layers
    )


def _spelled(item: Requirement | Option) -> str:
    if isinstance(item, Option):
        return _option(item)
    direct = urls.direct(item.written)
    line = _direct(item, direct) if direct else _named(item)
    return " ".join([line, *(f"{options.HASH}={digest}" for digest in _own_hashes(item))])


def _option(item: Option) -> str:
    if item.name not in options.PACKAGES:
        return f"{item.name}={_address(item.value)}" if item.value else item.name
    words = item.value.split(",")
    if not any(word.startswith(":") for word in words):  # `:none:` forgets what stands before it
        words = sorted({canonicalize_name(word) for word in words})
    return (
        f"{item.name}={','.join(w if w.startswith(':') else canonicalize_name(w) for w in words)}"
    )


def _named(item: Requirement) -> str:
    parsed = _parsed(item, item.written)
    line = f"{canonicalize_name(parsed.name)}{_extras(parsed)}{parsed.specifier}"
    return f"{line} ; {_marker(item, str(parsed.marker))}" if parsed.marker else line


def _direct(item: Requirement, direct: urls.Direct) -> str:
    _check_wheel(item, named=bool(direct.head))
    line = _address(direct.url)
    if direct.head:
        parsed = _parsed(item, direct.head)
        line = f"{canonicalize_name(parsed.name)}{_extras(parsed)} @ {line}"
    return f"{line} ; {_marker(item, direct.marker)}" if direct.marker else line


def _parsed(item: Requirement, text: str) -> Parsed:
    try:
        return Parsed(text)
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0]
        way_out = "write it as name==version"
        if "=" in text and not any(operator in text for operator in ("==", "<=", ">=", "!=", "~=")):
            way_out = "write == instead of ="
        why = f"is not a requirement that pip accepts ({reason})"
        raise tokens.refused(item.written, why, way_out) from None


def _extras(parsed: Parsed) -> str:
    names = sorted({canonicalize_name(extra) for extra in parsed.extras})
    return f"[{','.join(names)}]" if names else ""


def _marker(item: Requirement, text: str) -> str:
    try:
        return str(Marker(text))
    except InvalidMarker as error:
        reason = str(error).splitlines()[0]
        why = f"has a marker that pip does not accept ({reason})"
        way_out = 'write one as python_version < "3.12"'
        raise tokens.refused(item.written, why, way_out) from None


def _check_wheel(item: Requirement, *, named: bool) -> None:
    """Refuse a wheel that says itself that it is none, or another package's."""
    file = "" if urls.led(item.url) else urlsplit(item.url).path.rpartition("/")[2]
    if not file.endswith(".whl") or "${" in file:
        return
    try:
        name, *_ = parse_wheel_filename(unquote(file))
    except InvalidWheelFilename:
        why = "is not the name of a wheel"
        raise tokens.refused(
            item.written, why, "give the URL of the file as it was built"
        ) from None
    if named and name != item.name:
        why = f"asks for {item.name} and gives a wheel of {name}"
        raise tokens.refused(item.written, why, f"write {name} @ before the URL")


def _address(url: str) -> str:
    """Return a URL with its scheme in small letters; a server may tell the rest apart."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme.lower()}{separator}{rest}" if separator else url


def _own_hashes(item: Requirement) -> list[str]:
    """Return the hashes that do not stand in the URL."""
    told = urls.fragment(item.url).get("sha256", "").lower()
    return sorted(digest for digest in item.hashes if digest != f"sha256:{told}")
