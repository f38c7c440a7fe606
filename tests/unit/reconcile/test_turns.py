"""`turns`: who came first builds first."""

import pytest

from falapp_operator.environment import key as keys
from falapp_operator.reconcile import turns
from falapp_operator.reconcile.context import ENVIRONMENT
from falapp_operator.reconcile.queue import Key
from falapp_operator.reconcile.turns import Line
from tests.unit import samples, workloads

QUEUED = {"conditions": [samples.condition("Ready", "False", "BuildQueued")]}
SPECS = [samples.environment_spec(layers=((f"package-{i}",),)) for i in range(8)]
NAMES = [keys.name(spec, samples.NAMESPACE) for spec in SPECS]


def environment(index, *, namespace=samples.NAMESPACE, created=None, status=QUEUED, **more):
    made = samples.environment(
        SPECS[index], namespace=namespace, created=index if created is None else created
    )
    made["metadata"] |= {"uid": f"uid-{namespace}-{index}"} | more
    return made | ({"status": status} if status else {})


def job(index, status=None):
    return workloads.job(NAMES[index], status)


FOREIGN = job(0) | {"metadata": samples.metadata("backup", samples.BUILDS)}


@pytest.mark.parametrize(
    ("waiting", "jobs", "limit", "expected"),
    [
        ([], [], 1, None),
        ([], [job(0)], 1, 0),
        ([], [job(0), job(1)], 1, 0),
        ([], [job(0)], 2, None),
        ([], [job(0, workloads.complete()), job(1, workloads.failed())], 1, None),
        ([], [FOREIGN], 1, None),
        ([0, 1], [job(2)], 1, 2),
        ([0, 1], [], 1, 2),
        ([0, 1], [], 2, 2),
        ([0, 1], [], 3, None),
        ([6, 7], [], 1, None),
        ([0, 1], [job(0), job(1)], 3, None),
        ([5], [], 1, None),
        ([], [job(5)], 1, None),
    ],
    ids=[
        *("nobody", "full", "more than full", "room", "only ended ones", "not a build"),
        *("full, behind two", "room for another", "room for others", "room for all three"),
        *("before others", "those before have started", "already in line", "already running"),
    ],
)
def test_who_came_first_builds_first(waiting, jobs, limit, expected):
    others = [turns.arrival(environment(i)) for i in waiting]
    mine = turns.arrival(environment(5, status=None))
    assert turns.ahead(mine, others, jobs, limit) == expected


@pytest.mark.parametrize(
    ("others", "before"),
    [
        ([environment(1, status=None)], 0),
        ([environment(1, status=samples.BUILT)], 0),
        ([environment(1, status=samples.NOT_FOUND)], 0),
        ([environment(1, deletionTimestamp=samples.at())], 0),
        ([environment(1), environment(1, namespace="audio")], 1),
        ([environment(5, namespace="audio", created=0)], 0),
        ([environment(4, created=5)], int(NAMES[4] < NAMES[5])),
        ([environment(4, created=5, namespace="audio")], 1),
        ([environment(4, created=5, namespace="zebra")], 0),
    ],
    ids=[
        *(
            "new",
            "ready",
            "failed",
            "on its way out",
            "one build for two",
            "a neighbour of its own",
        ),
        *("the same second", "the same second, by namespace", "the same second, later namespace"),
    ],
)
def test_who_waits(others, before):
    waiting = sorted(turns.arrival(e) for e in others if turns.waits(e))
    assert turns.ahead(turns.arrival(environment(5)), waiting, [job(0)], 1) == before


def test_the_line_wakes_the_first():
    line = Line()
    keys_ = [Key(ENVIRONMENT, "video", str(i)) for i in range(30)]
    for key in reversed(keys_):
        line.join(key, turns.arrival(environment(0, created=int(key.name), name=key.name)))
    assert line.front(4) == keys_[:12]
    assert line.leave(keys_[0])
    assert not line.leave(keys_[0])
    assert line.front(1)[0] == keys_[1]
