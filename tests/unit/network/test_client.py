import asyncio
import socket

import pytest

from falapp_operator import errors
from falapp_operator.api.objects import Ref
from falapp_operator.api.paths import path
from falapp_operator.cluster.client import Client
from tests.unit import samples
from tests.unit.network.calls import CALLS, DEPLOYMENT, ENVIRONMENT, OBJECT
from tests.unit.network.conftest import TOKEN, connected


@pytest.mark.parametrize(
    ("api_version", "kind", "namespace", "name", "expected"),
    [
        ("v1", "Pod", "video", "", "/api/v1/namespaces/video/pods"),
        ("v1", "ConfigMap", "video", "x", "/api/v1/namespaces/video/configmaps/x"),
        ("v1", "Service", "video", "x", "/api/v1/namespaces/video/services/x"),
        ("v1", "Secret", "video", "x", "/api/v1/namespaces/video/secrets/x"),
        ("apps/v1", "Deployment", "v", "x", "/apis/apps/v1/namespaces/v/deployments/x"),
        ("batch/v1", "Job", "builds", "x", "/apis/batch/v1/namespaces/builds/jobs/x"),
        ("falapp.dev/v1alpha1", "FalApp", "", "", "/apis/falapp.dev/v1alpha1/falapps"),
        (
            "falapp.dev/v1alpha1",
            "Environment",
            "v",
            "x",
            "/apis/falapp.dev/v1alpha1/namespaces/v/environments/x",
        ),
        ("falapp.dev/v1alpha1", "MachineType", "", "s", "/apis/falapp.dev/v1alpha1/machinetypes/s"),
    ],
)
def test_paths(api_version, kind, namespace, name, expected):
    where = Ref(api_version=api_version, kind=kind, namespace=namespace, name=name)
    assert path(where) == expected


async def test_get(server, client):
    server.answer = OBJECT
    assert await client.get(DEPLOYMENT) == OBJECT
    assert (server.last.method, server.last.path) == (
        "GET",
        "/apis/apps/v1/namespaces/video/deployments/hello",
    )
    assert server.last.headers["Authorization"] == f"Bearer {TOKEN}"
    assert server.last.headers["Accept"] == "application/json"


async def test_list_gives_items_their_kind_and_asks_for_what_is_selected(server, client):
    server.answer = {"kind": "PodList", "apiVersion": "v1", "items": [{"metadata": {"name": "a"}}]}
    found = await client.list("v1", "Pod", "video", labels="a=b,c=d")
    assert found == ({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}},)
    assert server.last.path == "/api/v1/namespaces/video/pods"
    assert server.last.query == {"labelSelector": "a=b,c=d"}
    await client.list("falapp.dev/v1alpha1", "Environment", fields="metadata.name=env-1")
    assert server.last.path == "/apis/falapp.dev/v1alpha1/environments"
    assert server.last.query == {"fieldSelector": "metadata.name=env-1"}
    server.answer = {"items": []}
    assert await client.list("v1", "Pod") == ()
    assert server.last.query == {}


@pytest.mark.parametrize("force", [True, False])
async def test_apply_is_server_side(server, client, force):
    server.answer = OBJECT
    assert await client.apply(OBJECT, force=force) == OBJECT
    assert server.last.method == "PATCH"
    assert server.last.path == "/apis/apps/v1/namespaces/video/deployments/hello"
    assert server.last.headers["Content-Type"] == "application/apply-patch+yaml"
    assert server.last.query == {
        "fieldManager": "falapp-operator",
        "force": "true" if force else "false",
    }
    assert server.last.body == OBJECT


async def test_apply_of_what_has_no_namespace(server, client):
    await client.apply(samples.machine_type("s"))
    assert server.last.path == "/apis/falapp.dev/v1alpha1/machinetypes/s"


async def test_apply_status_writes_the_status_alone(server, client):
    await client.apply_status(ENVIRONMENT, {"image": "x"})
    assert server.last.method == "PATCH"
    assert (
        server.last.path == "/apis/falapp.dev/v1alpha1/namespaces/video/environments/env-1/status"
    )
    assert server.last.headers["Content-Type"] == "application/apply-patch+yaml"
    assert server.last.query["force"] == "true"
    assert server.last.body == {
        "apiVersion": "falapp.dev/v1alpha1",
        "kind": "Environment",
        "metadata": {"name": "env-1", "namespace": "video"},
        "status": {"image": "x"},
    }


async def test_apply_status_of_one_version(server, client):
    await client.apply_status(ENVIRONMENT, {"image": "x"}, version="7")
    metadata = {"name": "env-1", "namespace": "video", "resourceVersion": "7"}
    assert server.last.body["metadata"] == metadata


async def test_scale_leaves_everything_else_alone(server, client):
    await client.scale(DEPLOYMENT, 3, version="7")
    assert server.last.method == "PATCH"
    assert server.last.path == "/apis/apps/v1/namespaces/video/deployments/hello/scale"
    assert server.last.headers["Content-Type"] == "application/merge-patch+json"
    assert server.last.query == {"fieldManager": "falapp-operator"}
    assert server.last.body == {"metadata": {"resourceVersion": "7"}, "spec": {"replicas": 3}}


async def test_create(server, client):
    server.status, server.answer = 201, OBJECT
    assert await client.create(OBJECT) == OBJECT
    assert (server.last.method, server.last.path) == (
        "POST",
        "/apis/apps/v1/namespaces/video/deployments",
    )
    assert server.last.query == {"fieldManager": "falapp-operator"}
    assert server.last.headers["Content-Type"] == "application/json"


async def test_delete_takes_what_it_owns_in_the_background(server, client):
    assert await client.delete(DEPLOYMENT) is None
    assert (server.last.method, server.last.path) == (
        "DELETE",
        "/apis/apps/v1/namespaces/video/deployments/hello",
    )
    assert server.last.body["propagationPolicy"] == "Background"
    assert server.last.body["preconditions"] == {}
    await client.delete(DEPLOYMENT, uid="u", version="7")
    assert server.last.body["preconditions"] == {"uid": "u", "resourceVersion": "7"}


async def test_each_write_is_in_the_log_at_debug_level_and_nothing_of_what_it_holds(
    server, client, caplog
):
    caplog.set_level("DEBUG", "falapp_operator")
    server.answer = OBJECT
    await client.get(DEPLOYMENT)
    await client.apply(OBJECT)
    where = "/apis/apps/v1/namespaces/video/deployments/hello"
    assert caplog.messages == [f"PATCH {where}: 200"]


async def test_a_server_that_does_not_run(lonely):
    for call in CALLS.values():
        with pytest.raises(errors.TransientError, match="did not answer") as raised:
            await call(lonely)
        assert raised.value.__cause__ is not None
        assert TOKEN not in str(raised.value)


async def test_only_so_many_requests_are_in_flight(server, client):
    now = most = 0
    handle = server.handle

    limited = Client(client._connection, in_flight=3)
    call = limited._connection.call_api

    async def counted(*args, **kwargs):
        nonlocal now, most
        now += 1
        most = max(most, now)
        try:
            await asyncio.sleep(0.002)
            return await call(*args, **kwargs)
        finally:
            now -= 1

    limited._connection.call_api = counted
    await asyncio.gather(*(limited.get(DEPLOYMENT) for _ in range(12)))
    assert most == 3
    assert len(server.requests) == 12
    assert handle == server.handle


SECRET = Ref(api_version="v1", kind="Secret", name="gh", namespace="video")


async def test_a_long_list_comes_in_pages(server, client):
    second = {"metadata": {}, "items": [{"metadata": {"name": "b"}}]}
    server.answer = {"metadata": {"continue": "t1"}, "items": [{"metadata": {"name": "a"}}]}
    found = []
    async for page in client.pages("apps/v1", "ReplicaSet", size=1):
        found.append([(o["kind"], o["metadata"]["name"]) for o in page])
        server.answer = second
    assert found == [[("ReplicaSet", "a")], [("ReplicaSet", "b")]]
    assert [r.query for r in server.requests] == [{"limit": "1"}, {"limit": "1", "continue": "t1"}]
    assert server.last.path == "/apis/apps/v1/replicasets"


async def test_a_connection_that_is_closed_leaves_nothing_behind():
    """The kernel forgets what it has not sent, as the server's end sees: a reset, and no end."""
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        client = connected(f"http://127.0.0.1:{server.getsockname()[1]}")
        asking = asyncio.create_task(client.get(DEPLOYMENT))
        taken, _ = await asyncio.wait_for(loop.sock_accept(server), 10)
        with taken:
            assert await asyncio.wait_for(loop.sock_recv(taken, 65536), 10)
            asking.cancel()
            with pytest.raises(ConnectionResetError):
                await asyncio.wait_for(loop.sock_recv(taken, 65536), 10)
        await client.close()
