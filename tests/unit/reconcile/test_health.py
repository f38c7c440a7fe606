"""What probes are told, by a real HTTP server."""

import asyncio
from types import SimpleNamespace

import aiohttp
import kopf
import pytest
from aiohttp import web

from falapp_operator import health
from falapp_operator.health import Health
from falapp_operator.watches import Watches


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def operator():
    """An operator that does well."""
    return SimpleNamespace(
        started=True, lease=SimpleNamespace(silence=1.0), queue=SimpleNamespace(longest=3.0)
    )


@pytest.fixture
async def api():
    """An API server with the lists and watches of two kinds; gives the URL."""
    app = web.Application()
    state = SimpleNamespace(status=200, url="", headers=[])

    async def answer(request):
        state.headers.append(request.headers.get("Authorization"))
        return web.Response(status=state.status)

    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    state.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield state
    await runner.cleanup()


@pytest.fixture
async def watches(clock):
    return Watches(["pods", "jobs"], clock=clock)


@pytest.fixture
async def watch(api, watches):
    """Ask as kopf does."""
    made = watches.session(kopf.ConnectionInfo(server=api.url, token="t0k3n"))

    async def ask(path, **query):
        async with made.aiohttp_session.get(api.url + path, params=query):
            pass

    yield ask
    await made.aiohttp_session.close()


async def ask(port, path):
    url = f"http://127.0.0.1:{port}{path}"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.text()


async def open_all(watch):
    await watch("/api/v1/pods", watch="true")
    await watch("/apis/batch/v1/jobs", watch="true")


async def test_it_is_ready_when_each_kind_is_watched(api, operator, watches, watch):
    found = Health(operator, watches)
    assert found.obstacle() == "not listed yet: jobs, pods"
    await watch("/api/v1/pods", limit="500")
    api.status = 403
    await watch("/apis/batch/v1/jobs", watch="true")
    api.status = 200
    assert found.obstacle() == "not listed yet: jobs, pods"
    await watch("/api/v1/pods", watch="true")
    assert found.obstacle() == "not listed yet: jobs"
    await watch("/apis/batch/v1/jobs", watch="true")
    assert found.obstacle() == found.ailment() == ""
    assert set(api.headers) == {"Bearer t0k3n"}


@pytest.mark.parametrize(
    ("state", "unready", "dead"),
    [
        ((False, 0, 0), "not started", ""),
        ((True, 16, 0), "the API server has not answered for 16 s", ""),
        ((True, 1e9, 0), "the API server has not answered", ""),
        ((True, 0, 901), "a pass has been running for 901 s", "a pass has been running for 901 s"),
        ((True, 14, 899), "", ""),
    ],
)
async def test_the_truth(operator, watches, watch, state, unready, dead):
    await open_all(watch)
    operator.started, operator.lease.silence, operator.queue.longest = state
    found = Health(operator, watches)
    assert found.obstacle().startswith(unready)
    assert bool(found.obstacle()) == bool(unready)
    assert found.ailment() == dead


async def test_a_watch_that_is_not_opened_anew_is_blind(operator, watches, watch, clock):
    await open_all(watch)
    found = Health(operator, watches, clock)
    clock.now += 650
    await watch("/api/v1/pods", watch="true")
    assert found.ailment() == ""
    clock.now += 50
    assert found.ailment() == found.obstacle() == "not watched any more: jobs"
    operator.lease.silence = 100
    assert found.ailment() == "", "a restart would not bring the API server back"
    operator.lease.silence = 1
    clock.now += 320
    assert found.ailment() == "", "it has just come back"
    clock.now += 20
    assert found.ailment() == "not watched any more: jobs"
    operator.lease = None
    assert found.ailment() == "not watched any more: jobs"


async def test_probes_are_answered(operator, watches, watch, unused_tcp_port):
    async with health.served(Health(operator, watches), unused_tcp_port):
        assert await ask(unused_tcp_port, "/livez") == (200, "ok")
        assert await ask(unused_tcp_port, "/readyz") == (503, "not listed yet: jobs, pods")
        await open_all(watch)
        assert await ask(unused_tcp_port, "/readyz") == (200, "ok")
        operator.queue.longest = 1e6
        assert (await ask(unused_tcp_port, "/livez"))[0] == 503
    with pytest.raises(aiohttp.ClientConnectionError):
        await ask(unused_tcp_port, "/livez")


async def test_credentials_that_were_refused_are_the_same_in_another_session():
    """kopf would else try them for ever."""
    watches = Watches([])
    infos = [kopf.ConnectionInfo(server="https://api", token=token) for token in ("a", "a", "b")]
    one, same, other = made = [watches.session(info) for info in infos]
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    await asyncio.gather(*(session.aiohttp_session.close() for session in made))
