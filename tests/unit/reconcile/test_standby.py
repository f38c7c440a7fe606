"""What an operator that stands by keeps for when it takes over: the keys of what lives."""

from types import SimpleNamespace

import pytest

from falapp_operator.api import meta
from falapp_operator.reconcile.context import BUILD, ENVIRONMENT, FALAPP, MACHINE_TYPE
from falapp_operator.reconcile.queue import Key
from tests.unit import samples, workloads

OURS = (meta.GROUP, meta.VERSION)


@pytest.fixture
def standing_by(operator, tell):
    """An operator that has not got the Lease, and how events reach it."""
    operator.lease = SimpleNamespace(held=False)
    return operator, tell


@pytest.mark.parametrize("held", [True, False])
async def test_a_standby_does_not_remember_what_is_gone(operator, held):
    key = Key(FALAPP, "video", "hello")
    operator.lease = SimpleNamespace(held=held)
    operator.changed(key, "ADDED")
    operator.changed(key, "DELETED")
    assert list(operator.queue._fast) == [key] * held
    operator.heard(key, "MODIFIED")  # a pod that ends
    operator.heard(key, "DELETED")
    assert list(operator.queue._fast) == [key] * held


THERE = [
    ((*OURS, "falapps"), samples.app()),
    ((*OURS, "environments"), samples.environment_of(samples.app())),
    ((*OURS, "machinetypes"), samples.machine_type("s")),
    (("apps", "v1", "deployments"), workloads.runner_pod()),
    (("", "v1", "pods"), workloads.runner_pod()),
    (("", "v1", "pods"), workloads.build_pod("env-1")),
    (("batch", "v1", "jobs"), workloads.job("env-1")),
]
CHILDREN = THERE[3:6]


async def test_a_standby_knows_of_what_lives_alone(standing_by):
    """In whatever order things are listed, and go: that of their pods is told last."""
    operator, tell = standing_by
    by_hand = samples.environment()
    del by_hand["metadata"]["labels"]
    living = {Key(FALAPP, "video", "hello"), Key(MACHINE_TYPE, "", "s"), Key(BUILD, "", "env-1")}
    for there in (THERE, THERE[::-1]):
        for where, obj in there:
            await tell(*where, obj, None)
        await tell(*OURS, "environments", by_hand, None)
        environment = Key(ENVIRONMENT, "video", by_hand["metadata"]["name"])
        assert set(operator.queue._slow) == living | {environment}
        await tell(*OURS, "environments", by_hand, "DELETED")
        for where, obj in THERE:
            await tell(*where, obj, "DELETED")
            for where_, late in CHILDREN:
                await tell(*where_, late, "MODIFIED")
        assert not operator.queue._slow
        assert not operator.queue._fast


async def test_a_standby_knows_what_happened_to_what_lives(standing_by):
    operator, tell = standing_by
    await tell(*OURS, "falapps", samples.app(), None)
    await tell("", "v1", "pods", workloads.runner_pod(), "DELETED")
    assert list(operator.queue._fast) == [Key(FALAPP, "video", "hello")]
