"""Two real operator processes: one works; when it dies, hangs or is cut off, the other one does.

The API server is one in memory that can keep back what one of them sends; no cluster is needed. The
Lease lasts 6 s here, 15 s where the chart says nothing else.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time

import aiohttp
import pytest

from tests.integration.apiserver import Server
from tests.unit import samples

SECONDS = 6
PATIENCE = 150.0
"""For what takes a second where nobody else wants the machine."""


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Process:
    """An operator."""

    def __init__(self, server, name, folder):
        self.name, self.way = name, server.ways[name]
        self.port = free_port()
        self._server, self._folder = server, folder / name
        self._folder.mkdir()
        self.process = None

    async def start(self):
        settings = samples.settings(
            registry={"repository": f"127.0.0.1:{free_port()}/environments"},
            lease={"name": "falapp-operator", "namespace": "falapp-system", "seconds": SECONDS},
            healthPort=self.port,
        )
        (self._folder / "settings.yaml").write_text(settings.model_dump_json(by_alias=True))
        (self._folder / "config").write_text(
            json.dumps(samples.kubeconfig(self.way.url, self.name))
        )
        paths = {"KUBECONFIG": "config", "FALAPP_SETTINGS": "settings.yaml"}
        with (self._folder / "log").open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "falapp_operator"),
                env=os.environ | {key: str(self._folder / name) for key, name in paths.items()},
                stdout=log,
                stderr=log,
            )

    @property
    def log(self):
        return (self._folder / "log").read_text()

    async def asked(self, probe):
        """Return what a probe is told; nothing if nobody answers."""
        url = f"http://127.0.0.1:{self.port}/{probe}"
        timeout = aiohttp.ClientTimeout(total=5)
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(url) as answer,
            ):
                return answer.status, await answer.text()
        return 0, ""

    async def end(self):
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGCONT)
                self.process.kill()
        await self.process.wait()


async def until(look, what, describe=lambda: ""):
    deadline = time.monotonic() + PATIENCE
    while True:
        seen = look()
        if asyncio.iscoroutine(seen):
            seen = await seen
        if seen:
            return seen
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE} s\n{describe()}"
        await asyncio.sleep(0.02)


class Scene:
    """The server, the operator that leads and the one that stands by."""

    def __init__(self, server, leader, standby):
        self.server, self.leader, self.standby = server, leader, standby
        self.made = 0
        self._makes = None

    def make(self):
        """Have one more FalApp."""
        self.made += 1
        self.server.cluster.put(samples.app(f"app-{self.made}"))

    def status(self, number):
        return self.server.cluster.find("FalApp", f"app-{number}").get("status")

    async def keep_making(self):
        while True:
            self.make()
            await asyncio.sleep(0.1)

    @contextlib.asynccontextmanager
    async def busy(self):
        """Give the operators something to write all the time."""
        making = asyncio.create_task(self.keep_making())
        try:
            await until(lambda: len(self.leader.way.writes) > 10, "the leader writes", self.logs)
            yield
        finally:
            making.cancel()

    def logs(self):
        return f"leader:\n{self.leader.log[-3000:]}\nstandby:\n{self.standby.log[-3000:]}"

    async def taken_over(self):
        """Wait until the standby writes; return when it first did."""
        await until(lambda: self.standby.way.writes, "the standby takes over", self.logs)
        return self.standby.way.writes[0][0]

    def assert_silent_since(self, moment):
        """The old leader wrote nothing after the new one's first write."""
        late = [what for when, what in self.leader.way.writes if when >= moment]
        assert late == [], self.logs()


@pytest.fixture
async def scene(tmp_path):
    server = Server(["one", "two"])
    await server.start()
    server.cluster.put(samples.machine_type())
    operators = [Process(server, name, tmp_path) for name in server.ways]
    for operator in operators:
        await operator.start()
    try:
        for operator in operators:
            await until(
                lambda o=operator: _is(o.asked("readyz"), (200, "ok")),
                f"{operator.name} is ready",
                lambda o=operator: o.log,
            )
        await until(lambda: server.leader, "one leads")
        one, two = operators
        leads = "this operator leads" in one.log
        yield Scene(server, *((one, two) if leads else (two, one)))
    finally:
        for operator in operators:
            await operator.end()
        await server.stop()


async def _is(asked, wanted):
    return await asked == wanted


async def test_one_works_and_another_one_goes_on_when_it_is_killed(scene):
    scene.make()
    await until(lambda: scene.status(1), "the app has a status", scene.logs)
    assert scene.leader.way.writes
    assert scene.standby.way.writes == []
    assert await scene.standby.asked("livez") == (200, "ok")

    scene.leader.process.kill()
    scene.make()
    killed = time.monotonic()
    taken = await scene.taken_over()
    await until(lambda: scene.status(2), "the new app has a status", scene.logs)
    print(f"taken over {taken - killed:.1f} s after kill -9, of a Lease of {SECONDS} s")
    # Two thirds of the Lease are the dead one's: a live one would have written so long.
    assert taken - killed > SECONDS / 2


async def test_told_to_stop_it_hands_over_at_once(scene):
    async with scene.busy():
        scene.leader.process.terminate()
        told = time.monotonic()
        taken = await scene.taken_over()
        await until(lambda: scene.leader.process.returncode is not None, "it ends", scene.logs)
    print(f"handed over in {taken - told:.1f} s")
    scene.assert_silent_since(taken)
    assert scene.leader.process.returncode == 0, scene.logs()
    assert "the Lease is given back" in scene.leader.log


@pytest.mark.parametrize("cut", ["everything", "lease"])
async def test_one_that_is_cut_off_stops_writing_before_the_other_starts(scene, cut):
    """Also if it is cut off from the Lease alone: then nothing else keeps it from writing."""
    async with scene.busy():
        scene.leader.way.cut = cut
        since = time.monotonic()
        taken = await scene.taken_over()
        wrote = [when for when, _ in scene.leader.way.writes if when > since]
        assert bool(wrote) == (cut == "lease"), "it knew at once, or it wrote through the cut"
        await until(lambda: scene.leader.process.returncode is not None, "it ends", scene.logs)
        scene.leader.way.mend()
        await asyncio.sleep(1)
    scene.assert_silent_since(taken)
    assert scene.leader.process.returncode == 1
    assert "the Lease is lost" in scene.leader.log


async def test_a_write_under_way_goes_with_the_process(scene):
    """It is kept back on its way, and let go when the other one works."""
    async with scene.busy():
        scene.leader.way.cut = "late"
        await until(lambda: scene.leader.way.held >= 1, "a write is under way", scene.logs)
        before = len(scene.leader.way.writes)
        scene.leader.way.cut = "everything"
        taken = await scene.taken_over()
        await until(lambda: scene.leader.process.returncode is not None, "it ends", scene.logs)
        scene.leader.way.mend()
        await asyncio.sleep(1)
    assert len(scene.leader.way.writes) == before
    scene.assert_silent_since(taken)


async def test_one_that_was_paused_writes_nothing_when_it_goes_on(scene):
    """As a machine that stands still for longer than the Lease lasts."""
    async with scene.busy():
        scene.leader.process.send_signal(signal.SIGSTOP)
        taken = await scene.taken_over()
        await asyncio.sleep(1)
        assert await scene.leader.asked("livez") == (0, "")
        scene.leader.process.send_signal(signal.SIGCONT)
        await until(lambda: scene.leader.process.returncode is not None, "it ends", scene.logs)
    scene.assert_silent_since(taken)
    assert scene.leader.process.returncode == 1


async def test_probes_tell_that_the_api_server_is_out_of_reach(scene):
    scene.standby.way.cut = "everything"
    await until(
        lambda: _begins(scene.standby.asked("readyz"), "the API server has not answered"),
        "it is not ready",
        scene.logs,
    )
    assert await scene.standby.asked("livez") == (200, "ok"), "a restart would mend nothing"
    scene.standby.way.mend()
    await until(
        lambda: _begins(scene.standby.asked("readyz"), "ok"), "it is ready again", scene.logs
    )


async def _begins(asked, words):
    return (await asked)[1].startswith(words)
