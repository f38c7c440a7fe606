"""The last step of a build pod: the registry gets what it lacks, and then the image its name.

It runs in the builder's image, never runs anything of the user's, and is the only one that holds
credentials to push. Whatever it pushed before it failed does no harm: the image's tag comes last.
"""

import sys
import time
from contextlib import ExitStack

from falapp_builder.network import registry
from falapp_builder.network.registry import Registry
from falapp_builder.pod import planned, report, request
from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.places import IN_POD, Places
from falapp_builder.pod.planned import Group, Plan
from falapp_builder.pod.request import Request
from falapp_builder.publish import assembly, layout, pylock, sbom
from falapp_builder.publish.layout import Made
from falapp_builder.publish.push import Push

ENVIRONMENT = "falapp.dev/environment"
PACKAGES = "falapp.dev/packages"
SIZE = "falapp.dev/size"
LOCK = "falapp.dev/lock"


def main() -> None:
    """Publish the image, or report why not."""
    sys.exit(report.guarded(lambda: publish(IN_POD), IN_POD.termination))


def publish(places: Places) -> None:
    """Push what is new, then the image, and report its digest.

    Raises:
        Failure: Something was not built, or could not be pushed.
    """
    started = time.monotonic()
    asked = request.read(places.request)
    plan = planned.read(places.plan_file)
    made = built(plan, places)
    groups = [(group, group.layer or made[group.identity]) for group in plan.groups]
    size = sum(layer.size for layer in (*plan.base.layers, *(layer for _, layer in groups)))
    told = {
        ENVIRONMENT: asked.environment,
        PACKAGES: str(len(plan.packages)),
        SIZE: str(size),
        LOCK: f"lock-{asked.tag}",
    }
    image = assembly.image(plan.base, groups, told)
    with ExitStack() as stack:
        target, base = (stack.enter_context(place) for place in _registries(asked, plan, places))
        push = Push(target)
        push.layers(plan.base.layers, groups, base)
        for group in plan.groups:
            if group.identity in made:
                push.document(group.tag, assembly.group(plan.base, made[group.identity]))
        push.document(told[LOCK], assembly.records(image, _records(asked, plan)))
        push.document(asked.tag, image)
    result = {
        "digest": image.digest,
        "packages": len(plan.packages),
        "layersReused": len(groups) - len(made),
        "layersBuilt": len(made),
        "bytes": push.bytes,
        "size": size,
        "seconds": round(time.monotonic() - started, 2),
    }
    print(f"falapp: published {asked.image}:{asked.tag} {result}", flush=True)
    report.success(places.termination, result)


def built(plan: Plan, places: Places) -> dict[str, Made]:
    """Return the layers that were built for a plan, by their groups' ids.

    What others will use, too, is taken from the build that runs no code of packages, whatever the
    other one claims to have made.

    Raises:
        Failure: The layer of a group is not there.
    """
    found: dict[str, Made] = {}
    for folder, kinds, step in (
        (places.wheels_layout, {"venv", "wheels"}, "wheels"),
        (places.sources_layout, {"sources"}, "sources"),
    ):
        missing = [group for group in plan.groups if group.kind in kinds and group.layer is None]
        layers = layout.read(folder, plan.base.layers) if missing else {}
        for group in missing:
            name = layout.VENV if group.kind == "venv" else group.identity
            if name not in layers:
                raise _absent(group, step)
            found[group.identity] = layers[name]
    return found


def _registries(asked: Request, plan: Plan, places: Places) -> tuple[Registry, Registry]:
    target = registry.connect(asked.image, places, insecure=asked.insecure, push=True)
    insecure = plan.base.insecure
    return target, registry.connect(plan.base.pinned, places, insecure=insecure, push=False)


def _records(asked: Request, plan: Plan) -> tuple[tuple[str, str, bytes], ...]:
    return (
        (pylock.MEDIA_TYPE, pylock.NAME, pylock.pylock(plan)),
        (sbom.MEDIA_TYPE, sbom.NAME, sbom.sbom(plan, asked.image, asked.tag)),
    )


def _absent(group: Group, step: str) -> Failure:
    what = ", ".join(group.packages[:5]) or "the empty environment"
    message = (
        f"no layer was made for {what}: the step {step} changed no file; see its log, and report it"
    )
    return Failure(Reason.BUILD_FAILED, message)
