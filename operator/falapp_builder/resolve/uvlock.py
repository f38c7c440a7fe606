"""Resolving with uv."""

import re
import shutil
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from falapp_builder.pod.failure import Reason
from falapp_builder.programs import uv
from falapp_builder.programs.diagnosis import diagnosed
from falapp_builder.resolve import family, installed, kept, lock, probe
from falapp_builder.resolve.installed import Installed
from falapp_builder.resolve.lock import Package
from falapp_builder.resolve.scratch import Bench, Layer
from falapp_requirements import pytorch, variables
from falapp_requirements.options import URLS, Option
from falapp_requirements.tokens import Arguments, normalised

_COMPILE = ["pip", "compile", "--quiet", "--no-header"]
_LOCK = ["--format", "pylock.toml", "--generate-hashes"]
_STUBS = "installed"
_WORD = re.compile(r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?")
_ANNOTATED = re.compile(r"^(?P<name>[a-z0-9-]+)==[^\n]*\n +# from (?P<index>\S+)$", re.MULTILINE)


def locked(
    bench: Bench,
    arguments: Arguments,
    done: Collection[Layer],
    base: Mapping[str, Installed],
) -> tuple[Package, ...]:
    """Return what a layer needs beside what the base image and the layers before it have.

    Args:
        bench: What to work with.
        arguments: The layer.
        done: The layers before it; what they have stays as it is where the layer allows it.
        base: What the base image has; likewise.

    Raises:
        Failure: There is no solution.
    """
    folder = bench.place.folder
    earlier = lock.merged(layer.packages for layer in done)
    below = {name: package for name, package in base.items() if name not in earlier}
    shutil.rmtree(folder / _STUBS, ignore_errors=True)
    installed.wheels(below.values(), folder / _STUBS)
    others = {r.name for r in arguments.requirements if r.url or r.hashes}
    kept.write(done, others, folder, isolated=arguments.isolated)
    (folder / "requirements.txt").write_text(arguments.unhashed, encoding="utf-8")
    versions = {p.name: p.version for p in earlier.values() if p.version and not p.direct}
    versions |= {name: package.version for name, package in below.items()}
    pinned = pytorch.asked(arguments) - below.keys() if bench.pytorch else frozenset()
    old = {name: package for name, package in earlier.items() if name not in others}
    while True:
        solved = _solved(bench, arguments, old, versions, pinned)
        new = (p for p in solved if not kept.same(p, old.get(p.name)))
        found = tuple(p for p in new if not _has(below, p))
        more = family.chosen(found) - pinned if bench.pytorch else None
        if not more:
            return _paged(bench, arguments, found)
        pinned |= more


def _solved(
    bench: Bench,
    arguments: Arguments,
    old: Mapping[str, Package],
    versions: Mapping[str, str],
    pinned: frozenset[str],
) -> tuple[Package, ...]:
    """Return what the first attempt with a solution chooses; what is pinned has its own index."""
    folder = bench.place.folder
    options = arguments.options
    sources = ["requirements.txt"]
    if pinned:
        (folder / family.FILE).parent.mkdir(exist_ok=True)
        (folder / family.FILE).write_text(family.project(pinned, bench.pytorch), encoding="utf-8")
        sources.append(family.FILE)
        options = family.beside(options, bench.pytorch)
    held = {name: package for name, package in old.items() if package.direct}
    while True:
        constraints = lock.constraints(held.values())
        (folder / "constraints.txt").write_text(constraints, encoding="utf-8")
        preferred = lock.preferences(versions, pinned, bench.pytorch)
        (folder / "pylock.toml").write_text(preferred, encoding="utf-8")
        command = [*_LOCK, "--constraints", "constraints.txt", "--output-file", "pylock.toml"]
        code, said = _compiled(bench, arguments, [*command, *sources])
        if code == 0:
            return lock.read(folder / "pylock.toml")
        if not held:
            break
        # Kept addresses may leave no solution; pip would replace those packages then, and so do we.
        freed = held.keys() & set(map(normalised, _WORD.findall(said))) or held.keys()
        print(f"falapp: once more, without keeping {', '.join(sorted(freed))}")
        held = {name: package for name, package in held.items() if name not in freed}
    refused = probe.refusals(said, options, bench.place.variables)
    said = "\n".join((family.plainly(said), *map(bench.redact, refused)))
    raise diagnosed(said, arguments, Reason.BUILD_FAILED)


def _has(base: Mapping[str, Installed], package: Package) -> bool:
    known = base.get(package.name)
    return known is not None and not package.direct and known.version == package.version


def _compiled(bench: Bench, arguments: Arguments, command: Iterable[str]) -> tuple[int, str]:
    isolation = [] if arguments.isolated else ["--no-build-isolation"]
    options = kept.beside(arguments.options, bench.place.folder)
    found = [*_COMPILE, "--python", str(bench.python), *isolation, *options.arguments, *command]
    told = dict(options.variables)
    links = [link for link in (told.get("UV_FIND_LINKS"), _STUBS) if link]
    return uv.run(bench.place, found, told | {"UV_FIND_LINKS": ",".join(links)}, bench.redact)


def _paged(
    bench: Bench, arguments: Arguments, packages: tuple[Package, ...]
) -> tuple[Package, ...]:
    """Add each package's index, which uv's lock lacks, where one of them is a secret."""
    indexes = (i.value for i in arguments.items if isinstance(i, Option) and i.name in URLS)
    if not variables.names(indexes):
        return packages
    folder = bench.place.folder
    pins = "".join(f"{p.name}=={p.version}\n" for p in packages if not p.direct)
    (folder / "pins.txt").write_text(pins, encoding="utf-8")
    command = ["--no-deps", "--no-annotate", "--emit-index-annotation"]
    command += ["--output-file", "indexes.txt", "pins.txt"]
    (folder / "indexes.txt").unlink(missing_ok=True)
    code, _ = _compiled(bench, arguments, command)
    if code:
        return packages  # nobody can tell, so they count as secret
    text = (folder / "indexes.txt").read_text(encoding="utf-8")
    pages = {m["name"]: m["index"] for m in _ANNOTATED.finditer(text)}
    return tuple(replace(p, page=pages.get(p.name, "")) for p in packages)
