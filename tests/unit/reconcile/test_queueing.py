"""So many builds at once; whatever happens, everybody's turn comes."""

import asyncio
import contextlib
import itertools

import pytest

from falapp_operator import errors
from falapp_operator.environment import key as keys
from falapp_operator.reconcile import environments, turns
from falapp_operator.reconcile.context import BUILD, ENVIRONMENT
from falapp_operator.reconcile.queue import Key
from tests.unit import samples, workloads
from tests.unit.reconcile.test_turns import NAMES, SPECS, environment


class Builds:
    """The world, and what its Job controller and its events would do."""

    def __init__(self, world, limit):
        self.world = world
        world.settings = samples.settings(builds={"maxConcurrent": limit})
        self.started = []
        create = world.cluster.create

        async def counted(obj):
            made = await create(obj)
            self.started.append(made["metadata"]["name"])
            return made

        world.cluster.create = counted

    def ask(self, *indices, **more):
        for i in indices:
            self.world.cluster.put(environment(i, status=None, **more))

    async def look(self, *indices):
        for i in indices:
            await self.world.reconcile_environment(NAMES[i])

    async def end(self, name, status=None):
        """A Job ends; its event, and all that it wakes, are worked on."""
        self.world.cluster.change("Job", name, status=status or workloads.complete())
        spec = SPECS[NAMES.index(name)]
        self.world.registry.push(keys.tag(spec, samples.NAMESPACE))
        await self.event(name)

    async def event(self, name):
        self.world.woken.append(Key(BUILD, "", name))
        await self.settle()

    async def settle(self):
        for _ in range(200):
            if not self.world.woken:
                return
            key = self.world.woken.pop(0)
            if key.kind == BUILD:
                await environments.reconcile_build(self.world.context, key)
            elif key.kind == ENVIRONMENT:
                await environments.reconcile(self.world.context, key)
        raise AssertionError("it never comes to rest")

    @property
    def running(self):
        found = (self.world.cluster.find("Job", n) for n in self.world.cluster.names("Job"))
        return [j["metadata"]["name"] for j in found if not turns.is_over(j)]

    def ready(self, index):
        return self.world.status(ENVIRONMENT, NAMES[index])["conditions"]["Ready"]


@pytest.fixture
def two(world):
    return Builds(world, 2)


async def test_the_others_wait_and_say_so(two):
    two.ask(*range(5))
    await two.look(*range(5))
    assert two.started == NAMES[:2]
    first, *_, last = (two.ready(i) for i in (2, 3, 4))
    assert {first["reason"], last["reason"]} == {"BuildQueued"}
    assert first["message"] == (
        "waiting for a build to end: at most 2 run at once (builds.maxConcurrent of the operator's"
        " chart), and this one is next"
    )
    assert last["message"].endswith("and 2 are before it")
    assert two.world.again == 300, "nobody polls"
    assert two.world.status(ENVIRONMENT, NAMES[4])["attempts"] == 0
    for i in range(5):
        assert await two.world.reconcile_environment(NAMES[i]) == []


async def test_a_long_line_costs_one_list_and_no_places(world):
    """A number for each of thousands would be written again with every build that ends."""
    one = Builds(world, 1)
    specs = [samples.environment_spec(layers=((f"package-{i}",),)) for i in range(30)]
    names = [keys.name(spec, samples.NAMESPACE) for spec in specs]
    for i, spec in enumerate(specs):
        world.cluster.put(samples.environment(spec, created=i))
    world.cluster.reads.clear()
    for name in names:
        await world.reconcile_environment(name)
    assert one.started == names[:1]
    assert world.cluster.reads["list Environment"] == 1
    told = [_place(world, name) for name in names[1:]]
    assert told[:2] == ["this one is next", "1 is before it"]
    assert told[8:10] == ["8 are before it", "many are before it"]
    assert set(told[9:]) == {"many are before it"}
    assert world.again == 3000

    world.cluster.change("Job", names[0], status=workloads.failed())
    await one.event(names[0])
    assert one.started == names[:2]
    assert [_place(world, name) for name in names[2:]] == told[:-1]
    world.cluster.reads.clear()
    for name in names:
        assert await world.reconcile_environment(name) == []
    assert world.cluster.reads["list Environment"] == 0
    world.wait(1)
    await world.reconcile_environment(names[5])
    assert world.cluster.reads["list Environment"] == 1


def _place(world, name):
    message = world.status(ENVIRONMENT, name)["conditions"]["Ready"]["message"]
    return message.partition("chart), and ")[2]


async def test_an_image_that_came_meanwhile_needs_no_turn(two):
    two.ask(*range(4))
    await two.look(*range(4))
    two.world.registry.push(keys.tag(SPECS[3], samples.NAMESPACE))
    await two.look(3)
    assert two.ready(3)["status"] == "True"


async def test_each_build_that_ends_lets_the_next_one_start(two):
    two.ask(*range(6))
    await two.look(*(5, 0, 1, 4, 3, 2))
    assert two.started == [NAMES[5], NAMES[0]], "who is seen first with room starts"
    await two.end(NAMES[5])
    assert two.started[2:] == [NAMES[1]]
    assert two.ready(4)["message"].endswith("and 2 are before it"), "the near ones are told"
    await two.end(NAMES[1], workloads.failed())
    await two.end(NAMES[0])
    assert two.started[3:] == [NAMES[2], NAMES[3]]
    assert two.running == sorted(NAMES[2:4])


async def test_a_job_that_is_deleted_lets_the_next_one_start(two):
    two.ask(*range(3))
    await two.look(*range(3))
    two.world.cluster.remove("Job", NAMES[0])
    two.world.cluster.remove(ENVIRONMENT, NAMES[0])
    await two.event(NAMES[0])
    assert two.started[2:] == [NAMES[2]]


def _fail_at(world, monkeypatch, what, name):
    """Have one request fail whenever it is about ``name``; return the error's type."""
    on, method, error = {
        "create": (world.cluster, "create", errors.RefusedError("POST x: 403", "quota")),
        "get": (world.cluster, "get", errors.TransientError("no answer")),
        "status": (world.cluster, "apply_status", ValueError("a bug")),
        "registry": (world.registry, "find", errors.TransientError("no answer")),
    }[what]
    call = getattr(on, method)

    async def failing(asked, *args, **options):
        if name in str(asked):
            raise error
        return await call(asked, *args, **options)

    monkeypatch.setattr(on, method, failing)
    return type(error)


@pytest.mark.parametrize("what", ["create", "get", "status", "registry"])
async def test_who_cannot_start_keeps_nobody_back(two, monkeypatch, what):
    """The one whose turn it is fails again and again: the next one goes first."""
    two.ask(*range(4))
    await two.look(*range(4))
    world, first = two.world, NAMES[2]
    with monkeypatch.context() as patch:
        error = _fail_at(world, patch, what, first)
        world.cluster.change("Job", NAMES[0], status=workloads.complete())
        two.world.woken.append(Key(BUILD, "", NAMES[0]))
        for _ in range(3):
            with contextlib.suppress(error):
                await two.settle()
        # The status comes after the build: that one did start.
        assert two.started[2:] == [first if what == "status" else NAMES[3]]
    world.cluster.remove("Job", NAMES[0])
    await two.end(NAMES[1])
    await two.look(2)
    assert set(two.started) == set(NAMES[:4])


async def test_who_leaves_the_line_lets_the_next_one_start(two):
    two.ask(*range(4))
    await two.look(*range(4))
    two.world.cluster.remove(ENVIRONMENT, NAMES[2])
    two.world.cluster.change("Job", NAMES[0], status=workloads.complete())
    await two.look(2)  # the event of the deletion is all that comes
    await two.settle()
    assert two.started[2:] == [NAMES[3]]


@pytest.mark.parametrize("seed", range(5))
async def test_passes_side_by_side_start_no_more_than_may_run(world, two, seed):
    """Every request of every pass gives way to the others."""
    for name in ("get", "list", "create", "apply", "apply_status"):
        _slow(world.cluster, name, seed)
    two.ask(*range(8))
    for namespace in ("audio", "zebra"):
        two.ask(*range(8), namespace=namespace)
    passes = [
        environments.reconcile(world.context, Key(ENVIRONMENT, namespace, name))
        for name, namespace in itertools.product(NAMES, ("video", "audio", "zebra"))
    ]
    await asyncio.gather(*passes)
    assert len(two.started) == len(set(two.started)) == 2
    assert len(two.running) == 2


async def test_all_of_many_are_built_once_and_by_their_turn(world, two):
    for name in ("get", "list", "create", "apply", "apply_status"):
        _slow(world.cluster, name, 1)
    two.ask(*range(8))
    await two.look(*range(8))
    while two.running:
        assert len(two.running) <= 2
        await two.end(two.running[0])
    assert two.started == NAMES
    assert {two.ready(i)["status"] for i in range(8)} == {"True"}


def _slow(cluster, name, seed):
    call = getattr(cluster, name)
    turn = itertools.count(seed)

    async def slow(*args, **options):
        for _ in range(next(turn) % 3 + 1):
            await asyncio.sleep(0)
        result = await call(*args, **options)
        await asyncio.sleep(0)
        return result

    setattr(cluster, name, slow)


async def test_a_new_operator_goes_on_in_the_same_order(two):
    two.ask(*range(6))
    await two.look(*range(6))
    two.world.restart()
    two.world.cluster.change("Job", NAMES[0], status=workloads.complete())
    for i in (5, 3, 4, 2):  # as the first list happens to have them
        await two.look(i)
    await two.settle()
    assert two.started[2:] == [NAMES[2]]


async def test_a_build_that_ends_while_another_looks_at_the_line_wakes_it(two, monkeypatch):
    """Else it would wait for its slow timer beside a free place."""
    two.ask(*range(3))
    await two.look(0, 1)
    world, lists = two.world, two.world.cluster.list

    async def late(api_version, kind, *args, **options):
        found = await lists(api_version, kind, *args, **options)
        if kind == "Job":
            world.cluster.change("Job", NAMES[0], status=workloads.complete())
            await environments.reconcile_build(world.context, Key(BUILD, "", NAMES[0]))
        return found

    with monkeypatch.context() as patch:
        patch.setattr(world.cluster, "list", late)
        await two.look(2)
    assert two.ready(2)["reason"] == "BuildQueued"
    assert Key(ENVIRONMENT, samples.NAMESPACE, NAMES[2]) in world.woken
    await two.settle()
    assert two.started[2:] == [NAMES[2]]
