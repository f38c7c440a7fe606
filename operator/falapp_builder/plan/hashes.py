"""The address of a group: a hash of everything that its layer depends on, and of nothing else."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from falapp_builder.plan.groups import Cut
from falapp_builder.plan.wheels import Choice
from falapp_requirements import tokens

_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What all groups of an environment stand on."""

    base: str
    """The digest of the base image's manifest."""
    python: str
    """The minor version of Python."""
    platform: str
    """Operating system and architecture."""
    resolver: str
    """Who installs: uv or pip."""
    namespace: str
    """Whose environment it is."""
    private: bool
    """Whether the environment is for its namespace alone."""
    options: Mapping[int, tuple[str, ...]]
    """The options of the requirement layers, with the names of variables in them."""

    def isolated(self, choices: Iterable[Choice]) -> bool:
        """Return whether packages are all built apart from the environment."""
        layers = {choice.package.layer for choice in choices}
        return all(tokens.parse(self.options.get(layer, ())).isolated for layer in layers)


@dataclass(frozen=True, kw_only=True)
class Group:
    """A group and its address."""

    hash: str
    """64 hexadecimal digits."""
    cut: Cut
    """Its packages."""

    @property
    def identity(self) -> str:
        """Its name in files: the beginning of its hash."""
        return self.hash[:16]

    @property
    def tag(self) -> str:
        """The registry's tag of its layer."""
        return f"layer-{self.hash}"


def addressed(cuts: Iterable[Cut], ground: Ground) -> tuple[Group, ...]:
    """Return the groups with their addresses.

    Layers of wheels are for everybody, since wheels run no code when they are installed. What came
    through a secret, and what ran code when it was built, is for its namespace alone; the latter
    depends on where its build requirements came from, too.
    """
    found: list[Group] = []
    for cut in cuts:
        parts: dict[str, object] = {
            "version": _VERSION,
            "base": ground.base,
            "python": ground.python,
            "platform": ground.platform,
            "resolver": ground.resolver,
            "packages": sorted(_package(choice) for choice in cut.choices),
        }
        if cut.kind == "sources" or any(choice.package.secret for choice in cut.choices):
            parts["namespace"] = ground.namespace
        if cut.kind == "sources":
            parts |= {"private": ground.private, "layers": _layers(cut, ground)}
        if cut.kind == "sources" and not ground.isolated(cut.choices):
            parts["seen"] = sorted(group.hash for group in found if group.cut.kind == "wheels")
        found.append(Group(hash=_digest(parts), cut=cut))
    return tuple(found)


def _layers(cut: Cut, ground: Ground) -> list[list[list[str]]]:
    """Return who is built with which options, in the order in which that is done."""
    named: dict[int, list[str]] = {}
    for choice in cut.choices:
        named.setdefault(choice.package.layer, []).append(choice.name)
    return [[[*ground.options.get(n, ())], sorted(named[n])] for n in sorted(named)]


def _package(choice: Choice) -> list[str]:
    """Return what tells a package from others: an address is in direct_url.json, hence counts."""
    package, file = choice.package, choice.file
    parts = [package.name, package.version, file.sha256 if file else ""]
    if package.url:
        parts.append(package.url)
    if package.git:
        parts.append(f"git {package.git.url} {package.git.commit}")
    if package.subdirectory:
        parts.append(f"in {package.subdirectory}")
    return parts


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
