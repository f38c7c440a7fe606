"""The third step of a build pod: which layers an environment has, and what the missing ones need.

It runs in the builder's image and runs nothing of the user's. What it decides, two Kaniko
containers carry out without looking anything up.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from falapp_builder.network import registry
from falapp_builder.plan import base, direct, dockerfile, downloads, groups, hashes, layers, wheels
from falapp_builder.plan.base import Base
from falapp_builder.plan.hashes import Ground, Group
from falapp_builder.plan.wheels import Choice
from falapp_builder.pod import packages, recipe, report, request, values
from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.places import IN_POD, RELAY, Places
from falapp_builder.pod.recipe import Item
from falapp_builder.pod.request import Request
from falapp_registry import reference
from falapp_registry.errors import ImageNameError
from falapp_requirements import tokens
from falapp_requirements.options import Option
from falapp_requirements.tokens import Arguments

Layer = Mapping[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class Decided:
    """A plan, before it is written."""

    asked: Request
    """The request."""
    base: Base
    """What the environment stands on."""
    groups: Sequence[Group]
    """In the order of the image's layers."""
    layers: Sequence[Layer]
    """What the registry has of them."""
    ground: Ground
    """What their addresses depend on."""

    @property
    def missing(self) -> tuple[Group, ...]:
        """The groups that must be built."""
        pairs = zip(self.groups, self.layers, strict=True)
        return tuple(group for group, layer in pairs if layer is None)

    @property
    def seen(self) -> tuple[Group, ...]:
        """The groups of wheels that the sources see while they are built."""
        built = (group.cut for group in self.missing if group.cut.kind == "sources")
        wanted = any(not self.ground.isolated(cut.choices) for cut in built)
        return tuple(g for g in self.groups if wanted and g.cut.kind == "wheels")

    @property
    def needed(self) -> tuple[Choice, ...]:
        """The packages whose files the build needs."""
        found = {group.hash: group for group in (*self.missing, *self.seen)}
        return tuple(c for group in found.values() for c in group.cut.choices if c.file)


def main() -> None:
    """Plan the build, or report why it cannot be had."""
    sys.exit(report.guarded(lambda: plan(IN_POD), IN_POD.termination))


def plan(places: Places) -> None:
    """Write the plan and bring the files that it needs.

    Raises:
        Failure: There can be no such environment, or something cannot be had.
    """
    asked = request.read(places.request)
    choices = wheels.chosen(packages.read(places.resolved))
    found = _base(asked, places)
    with downloads.opened(places, asked, values.read(places, asked.variables)) as files:
        choices = files.measured(choices)
        ground = _ground(asked, found)
        addressed = hashes.addressed(groups.cut(choices), ground)
        there = _layers(asked, places, addressed)
        decided = Decided(asked=asked, base=found, ground=ground, groups=addressed, layers=there)
        _write(decided, places)
        size = files.fetched(decided.needed)
    built, known = len(decided.missing), report.counted(len(addressed), "layer")
    print(f"falapp: {built} of {known} to build, {size} bytes fetched", flush=True)


def _base(asked: Request, places: Places) -> Base:
    try:
        image = reference.parse(asked.base)
        own = reference.parse(asked.image)
    except ImageNameError as error:
        raise Failure(Reason.BASE_IMAGE_UNUSABLE, str(error)) from None
    insecure = asked.insecure and image.host == own.host
    ours = asked.relayed
    with registry.connect(asked.base, places, insecure=insecure, push=False, ours=ours) as source:
        return base.found(source, image, platform=asked.platform, insecure=insecure)


def _ground(asked: Request, found: Base) -> Ground:
    return Ground(
        base=found.digest,
        python=asked.python_version,
        platform=asked.platform,
        resolver=asked.resolver,
        namespace=asked.namespace,
        private=asked.private,
        options={number: _options(layer) for number, layer in enumerate(asked.layers)},
    )


def _layers(asked: Request, places: Places, addressed: Sequence[Group]) -> Sequence[Layer]:
    insecure = asked.insecure
    with registry.connect(asked.image, places, insecure=insecure, push=False, ours=True) as own:
        return layers.known(own, addressed)


def _write(decided: Decided, places: Places) -> None:
    places.plan.mkdir(parents=True, exist_ok=True)
    places.plan_file.write_text(json.dumps(document(decided), indent=1), encoding="utf-8")
    for group in (*decided.missing, *decided.seen):
        recipe.write(places.group(group.identity), _recipe(group, decided, places))
    pinned, user = decided.base.pinned, decided.base.user
    if decided.asked.relayed:
        pinned = f"{RELAY}/{pinned.partition('/')[2]}"
    venv = any(group.cut.kind == "venv" for group in decided.missing)
    new = [group.identity for group in decided.missing if group.cut.kind == "wheels"]
    sources = [group.identity for group in decided.missing if group.cut.kind == "sources"]
    seen = [group.identity for group in decided.seen]
    texts = {
        "wheels": dockerfile.wheels(pinned, user, new) if new or venv else dockerfile.NOTHING,
        "sources": dockerfile.sources(pinned, user, seen, sources[0])
        if sources
        else dockerfile.NOTHING,
    }
    for name, text in texts.items():
        (places.plan / f"{name}.Dockerfile").write_text(text, encoding="utf-8")


def document(decided: Decided) -> dict[str, Any]:
    """Return plan.json; it holds no credentials, and no names of variables."""
    found = decided.base
    return {
        "base": {
            "pinned": found.pinned,
            "insecure": found.insecure,
            "manifest": found.manifest,
            "config": found.config,
        },
        "groups": [
            {
                "id": group.identity,
                "hash": group.hash,
                "kind": group.cut.kind,
                "packages": [choice.name for choice in group.cut.choices],
                "layer": layer,
            }
            for group, layer in zip(decided.groups, decided.layers, strict=True)
        ],
        "packages": [_package(c) for group in decided.groups for c in group.cut.choices],
    }


def _package(choice: Choice) -> dict[str, Any]:
    package, file = choice.package, choice.file
    url = direct.clean(package.url or (file.url if file else ""))
    found: dict[str, Any] = {
        "name": package.name,
        "version": package.version,
        "kind": choice.kind,
        "url": "" if "$" in url else url,  # a whole URL in a variable is a secret
        "file": file.name if file else "",
        "sha256": file.sha256 if file else "",
        "size": file.size if file else None,
    }
    if package.git:
        found["git"] = {"url": direct.clean(package.git.url), "commit": package.git.commit}
    if package.subdirectory:
        found["subdirectory"] = package.subdirectory
    return found


def _recipe(group: Group, decided: Decided, places: Places) -> recipe.Recipe:
    built = group.cut.kind == "sources"
    return recipe.Recipe(
        id=group.identity,
        kind=group.cut.kind,
        resolver=decided.asked.resolver,
        packages=tuple(_item(choice, places) for choice in group.cut.choices),
        # Wheels need neither an index nor a secret.
        options={str(n): o for n, o in decided.ground.options.items()} if built else {},
        variables=decided.asked.variables if built else (),
    )


def _item(choice: Choice, places: Places) -> Item:
    package, file = choice.package, choice.file
    return Item(
        name=package.name,
        version=package.version,
        path=str(places.wheel(file.sha256, file.name)) if file else "",
        sha256=file.sha256 if file else "",
        repository=package.git.url if package.git else "",
        commit=package.git.commit if package.git else "",
        subdirectory=package.subdirectory,
        layer=package.layer,
        direct=direct.told(choice),
    )


def _options(layer: Iterable[str]) -> tuple[str, ...]:
    items = (item for item in tokens.parse(layer).items if isinstance(item, Option))
    return tokens.render(Arguments(items=tuple(items)))
