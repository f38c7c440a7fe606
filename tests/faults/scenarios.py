"""What people do with FalApps: cycles of edits, each with the end that it comes to.

The last edit of a cycle leads back to nothing, so that a cycle can be gone through again and again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from falapp_operator.api import meta
from tests.faults.api import Object
from tests.faults.kubelet import BROKEN
from tests.faults.state import State, condition, is_at_rest
from tests.faults.world import APPS, World
from tests.unit.workloads import SICK

_CODE = "import fal\n\n\nclass Hello(fal.App):\n    text = {!r}\n"


@dataclass(frozen=True, kw_only=True)
class Step:
    """An edit, and how to see that what it asks for has come about."""

    name: str
    edit: Callable[[World], Awaitable[None]]
    done: Callable[[State], bool]
    known: bool = False
    """Whether it is a step of another scenario as well, which is enough to kill the operator in."""

    def ended(self, seen: State) -> bool:
        """Return whether it has come to its end, and Kubernetes' controllers to theirs."""
        return self.done(seen) and is_at_rest(seen)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Edits in order."""

    name: str
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        """Return what it is called as a parameter of a test."""
        return self.name


def app(
    name: str = "hello",
    text: str = "hi",
    requirement: str = "one==1",
    *,
    retry: str = "",
    **spec: Any,
) -> Object:
    """Return a FalApp as its user applies it."""
    annotations = {meta.ANNOTATION_RETRY: retry} if retry else {}
    return {
        "apiVersion": meta.API_VERSION,
        "kind": "FalApp",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {
            "source": {"inline": {"app.py": _CODE.format(text)}},
            "entrypoint": "app.py::Hello",
            "requirements": [requirement],
            "machineType": "S",
            **spec,
        },
    }


def _applied(name: str, *apps: Object, heal: bool = False, known: bool = False) -> Step:
    """Return the step that applies apps, and waits until all of them are Ready."""

    async def edit(world: World) -> None:
        world.kubelet.heals = heal
        for one in apps:
            await world.apply(one)

    def done(seen: State) -> bool:
        return all(is_true(seen, one["metadata"]["name"], "Ready") for one in apps)

    return Step(name=name, edit=edit, done=done, known=known)


def _stalled(name: str, broken: Object, *, known: bool = False) -> Step:
    """Return the step that applies an app that cannot be built, and waits until that is told."""

    async def edit(world: World) -> None:
        world.kubelet.heals = False
        await world.apply(broken)

    return Step(
        name=name,
        edit=edit,
        done=lambda seen: is_true(seen, broken["metadata"]["name"], "Stalled"),
        known=known,
    )


def _withdrawn(name: str, broken: Object) -> Step:
    """Return the step that applies what cannot start, and waits until the former one serves."""

    async def edit(world: World) -> None:
        await world.apply(broken)

    metadata = broken["metadata"]

    def done(seen: State) -> bool:
        told = seen.get(f"falapps {APPS}/{metadata['name']}", {}).get("status", {})
        retried = metadata["annotations"].get(meta.ANNOTATION_RETRY, "") == told.get("retried", "")
        serves = bool(retried and told.get("withdrawn") and told.get("readyReplicas") == 1)
        return serves and is_true(seen, metadata["name"], "Stalled")

    return Step(name=name, edit=edit, done=done)


def _deleted(*names: str, known: bool = True) -> Step:
    async def edit(world: World) -> None:
        for name in names:
            await world.delete(name)

    return Step(
        name=f"delete {' and '.join(names)}", edit=edit, done=lambda seen: not seen, known=known
    )


def is_true(seen: State, name: str, type_: str) -> bool:
    """Return whether a FalApp, as it is now, has a condition that holds."""
    found = seen.get(f"falapps {APPS}/{name}")
    return found is not None and condition(found, type_).get("status") == "True"


LIFE = Scenario(
    name="life",
    steps=(
        _applied("create", app()),
        _applied("change the code", app(text="hello")),
        _applied("change requirements", app(text="hello", requirement="two==2")),
        _deleted("hello", known=False),
    ),
)

SHARED = Scenario(
    name="shared",
    steps=(
        _applied("create two", app(), app("other"), known=True),
        _applied("leave the shared environment", app("other", requirement="two==2")),
        _applied("come back", app("other")),
        _deleted("hello", "other"),
    ),
)

MENDED = Scenario(
    name="mended",
    steps=(
        _applied("create", app(), known=True),
        _stalled("break", app(requirement=f"{BROKEN}==1")),
        _applied("mend", app()),
        _deleted("hello"),
    ),
)

RETRIED = Scenario(
    name="retried",
    steps=(
        _stalled("create what fails", app(requirement=f"{BROKEN}==1"), known=True),
        _applied("retry", app(requirement=f"{BROKEN}==1", retry="now"), heal=True),
        _deleted("hello"),
    ),
)

_ONE_PLACE: dict[str, Any] = {"rollout": {"maxSurge": 0, "maxUnavailable": 1}}
_SICK: dict[str, Any] = {**_ONE_PLACE, "env": [SICK]}

WITHDRAWN = Scenario(
    name="withdrawn",
    steps=(
        _applied("create", app(**_ONE_PLACE), known=True),
        _withdrawn("break setup()", app(**_SICK)),
        _withdrawn("retry", app(**_SICK, retry="now")),
        _applied("mend", app(text="hello", **_ONE_PLACE)),
        _deleted("hello"),
    ),
)

ALL = (LIFE, SHARED, MENDED, RETRIED, WITHDRAWN)
