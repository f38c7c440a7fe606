"""What earlier layers took from indexes, for uv: it prefers a version only where it finds it.

The indexes of a later layer need not have what an earlier one chose, and may have another file of
that version. So uv gets the chosen files in an index on the disk, which is asked first.
"""

import shutil
from collections.abc import Collection, Iterable
from dataclasses import replace
from html import escape
from os.path import commonpath
from pathlib import Path
from urllib.parse import SplitResult, urlsplit, urlunsplit

from falapp_builder.resolve import tags
from falapp_builder.resolve.lock import File, Package
from falapp_builder.resolve.scratch import Layer
from falapp_requirements.options import Options

_FOLDER = "kept"


def write(
    layers: Iterable[Layer], others: Collection[str], folder: Path, *, isolated: bool
) -> None:
    """Write the index.

    Args:
        layers: The layers before this one, in order.
        others: Packages that this layer wants otherwise.
        folder: The folder to put it into.
        isolated: Whether this layer builds packages apart from the others.
    """
    shutil.rmtree(folder / _FOLDER, ignore_errors=True)
    ranking = tags.supported()
    latest = {p.name: (p, layer.arguments) for layer in layers for p in layer.packages}
    for package, arguments in latest.values():
        wheels = tags.fitting(package.files, ranking)
        # Built apart, it would fail; what uv has built already, it knows by the index of that time.
        beside_others = isolated and not wheels and not arguments.isolated
        if package.direct or package.name in others or beside_others:
            continue
        page = folder / _FOLDER / package.name / "index.html"
        page.parent.mkdir(parents=True)
        text = _page(wheels or package.files, arguments.options)
        page.write_text(text, encoding="utf-8")


def beside(options: Options, folder: Path) -> Options:
    """Return a layer's options with the index, if there is one."""
    index = folder / _FOLDER
    if not index.exists():
        return options
    extra = (f"{index.as_uri()}/", *options.extra_index_urls)
    return replace(options, extra_index_urls=extra)


def same(package: Package, earlier: Package | None) -> bool:
    """Return whether a package is what an earlier layer has."""
    if earlier is None:
        return False
    if package.direct:
        return package.address == earlier.address
    return package.version == earlier.version


def _page(files: Iterable[File], options: Options) -> str:
    links = (f'<a href="{escape(_link(f, options))}">{escape(f.name)}</a>\n' for f in files)
    return f"<!DOCTYPE html>\n<html><body>\n{''.join(links)}</body></html>\n"


def _link(file: File, options: Options) -> str:
    """Return a file's address with the login of its index, which uv's locks leave out."""
    parts = urlsplit(file.url)
    given = [*options.extra_index_urls, options.index_url, *options.find_links]
    known = [i for i in map(urlsplit, given) if "@" in i.netloc and _origin(i) == _origin(parts)]
    if known and "@" not in parts.netloc:
        index = max(known, key=lambda i: len(commonpath([i.path or "/", parts.path])))
        parts = parts._replace(netloc=index.netloc)
    return urlunsplit(parts._replace(fragment=f"sha256={file.sha256}" if file.sha256 else ""))


def _origin(parts: SplitResult) -> tuple[str, str]:
    return parts.scheme, parts.netloc.rpartition("@")[2].lower()
