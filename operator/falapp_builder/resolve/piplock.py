"""Resolving with pip."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from falapp_builder.pod.failure import Reason
from falapp_builder.programs import pip
from falapp_builder.programs.diagnosis import diagnosed
from falapp_builder.resolve import family, piplog, scratch
from falapp_builder.resolve.lock import File, Package
from falapp_builder.resolve.scratch import Bench
from falapp_requirements.tokens import Arguments, normalised

# pip's lock command takes no account of what is installed, so it is a dry run that tells.
_INSTALL = ["install", "--dry-run", "--report", "report.json", "--log", "pip.log"]
_FOUND = re.compile(r"  Found link (?P<url>[^\s#]+)\S* \(from (?P<page>[^\s)]+)")


def locked(
    bench: Bench, arguments: Arguments, earlier: Mapping[str, Package], *, filled: bool
) -> tuple[Package, ...]:
    """Return what a layer needs beside what the base image and the layers before it have.

    Args:
        bench: What to work with.
        arguments: The layer.
        earlier: What the layers before it have.
        filled: Whether that is installed already, and not only to be thought so.

    Raises:
        Failure: There is no solution.
    """
    folder = bench.place.folder
    if not filled:
        scratch.pretend(bench, earlier.values())
    (folder / "requirements.txt").write_text(_text(arguments), encoding="utf-8")
    log = folder / "pip.log"
    log.unlink(missing_ok=True)
    isolation = [] if arguments.isolated else ["--no-build-isolation"]
    options = family.beside(arguments.options, bench.pytorch)
    command = [*_INSTALL, *isolation, *options.arguments, "-r", "requirements.txt"]
    variables = pip.variables(options)
    code, said = pip.run(bench.place, bench.python, command, variables, bench.redact)
    lines = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
    if code:
        told = piplog.told(said, lines, bench.redact, options.find_links)
        raise diagnosed(told, arguments, Reason.BUILD_FAILED)
    found = tuple(_read(folder / "report.json", lines))
    if bench.pytorch:
        family.check(found, bench.pytorch, bench.place.variables)
    return found


def _text(arguments: Arguments) -> str:
    """Return the requirements file; hashes only where all have one, as pip wants it."""
    if not all(r.hashes for r in arguments.requirements):
        return arguments.text
    lines = (" ".join([r.line, *(f"--hash={h}" for h in r.hashes)]) for r in arguments.requirements)
    return "".join(f"{line}\n" for line in lines)


def _read(report: Path, log: Iterable[str]) -> Iterable[Package]:
    pages = {m["url"]: m["page"] for line in log if (m := _FOUND.search(line))}
    for entry in json.loads(report.read_text(encoding="utf-8"))["install"]:
        yield _package(entry, pages)


def _package(entry: dict[str, Any], pages: Mapping[str, str]) -> Package:
    source, metadata = entry["download_info"], entry["metadata"]
    vcs = source.get("vcs_info")
    hashes = source.get("archive_info", {}).get("hashes", {})
    file = File(url=source["url"], sha256=hashes.get("sha256", ""))
    needs = [f"Requires-Dist: {need}" for need in metadata.get("requires_dist", ())]
    needs += [f"Provides-Extra: {extra}" for extra in metadata.get("provides_extra", ())]
    return Package(
        name=normalised(metadata["name"]),
        version=str(metadata["version"]),
        files=() if vcs else (file,),
        repository=source["url"] if vcs else "",
        commit=vcs["commit_id"] if vcs else "",
        subdirectory=source.get("subdirectory", ""),
        direct=bool(entry["is_direct"]),
        page=pages.get(source["url"], ""),
        metadata=tuple(needs),
    )
