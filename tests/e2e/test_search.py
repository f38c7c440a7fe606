"""The sweep's search finds what is there: a value is planted in every place where it looks."""

import base64
import gzip
import io
import tarfile

import pytest

from tests.kube import install
from tests.kube.kubectl import Kube, poll
from tests.kube.pods import python_pod
from tests.kube.proxy import proxied
from tests.leaks import places, registry, search
from tests.leaks.canary import Canaries
from tests.leaks.places import Item, Place
from tests.leaks.record import recorded

SAYING = """\
import base64, http.server, sys
value = sys.argv[1]
print("said", base64.b64encode(f"u:{value}".encode()).decode(), flush=True)
if sys.argv[2] == "end":
    open("/dev/termination-log", "w").write(f"https://user:{value}@host")
if sys.argv[2] != "serve":
    sys.exit()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f'falapp_builds{{url="{value}"}} 1'.encode())


http.server.HTTPServer(("", 8000), Handler).serve_forever()
"""
ARTIFACT = "application/vnd.oci.empty.v1+json"


@pytest.fixture(scope="module")
def planted(kube, cluster, shared_namespace) -> tuple[list[Item], dict[Place, Canaries]]:
    """Plant a value of its own in each place; read all places as the sweep does."""
    values = {place: Canaries() for place in Place}
    image = cluster.images.base["3.11"]
    saying = ["python3", "-c", SAYING]
    ends = python_pod("ends", image, [*saying, values[Place.MESSAGES].make(), "end"])
    ends["spec"]["restartPolicy"] = "Never"
    logs = python_pod("builds", image, [*saying, values[Place.BUILD_LOGS].make(), "log"])
    logs["spec"]["restartPolicy"] = "Never"
    answers = [*saying, values[Place.ANSWERS].make(), "serve"]
    ports = [{"containerPort": 8000}]
    serves = python_pod("serves", image, answers, ports=ports)
    says = python_pod("says", image, [*saying, values[Place.RUNNER_LOGS].make(), "serve"])
    with recorded(kube, install.BUILDS) as record:
        kube.apply(logs, ends, namespace=install.BUILDS)
        kube.apply(
            serves, says, event(values, shared_namespace), app(values), namespace=shared_namespace
        )
        for pod in ("serves", "says"):
            until_it_runs(kube, shared_namespace, pod, "Running")
        for pod in ("builds", "ends"):
            until_it_runs(kube, install.BUILDS, pod, "Succeeded")
    kube.run("delete", "pod", "builds", "ends", "-n", install.BUILDS, "--wait=false")
    with proxied(kube) as api:
        pods = places.pods(api, shared_namespace)
        items = [
            *places.objects(api, [shared_namespace]),
            *places.logs(api, Place.RUNNER_LOGS, pods),
            *places.answers(api, [pod for pod in pods if pod["metadata"]["name"] == "serves"]),
        ]
    with registry.reached(kube, cluster, shared_namespace) as stored:
        items += push(stored, shared_namespace, values)
    return [*items, *record.items()], values


def until_it_runs(kube: Kube, namespace: str, pod: str, phase: str) -> None:
    poll(
        lambda: (kube.get("pod", pod, namespace) or {}).get("status", {}).get("phase"),
        lambda seen: seen == phase,
        what=f"pod {pod} is {phase}",
        seconds=90,
    )


def event(values: dict[Place, Canaries], namespace: str) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "planted"},
        "involvedObject": {"kind": "Pod", "name": "says", "namespace": namespace},
        "message": f"cannot read https://{values[Place.EVENTS].make()}@host",
        "reason": "Planted",
        "type": "Warning",
    }


def app(values: dict[Place, Canaries]) -> dict:
    """An app with the value where it may not be: in an annotation."""
    value = base64.b64encode(values[Place.OBJECTS].make().encode()).decode()
    return {
        "apiVersion": "falapp.dev/v1alpha1",
        "kind": "FalApp",
        "metadata": {"name": "planted", "annotations": {"example.dev/copy": value}},
        "spec": {
            "entrypoint": "app.py::App",
            "source": {"configMap": {"name": "none"}},
            "machineType": "xs",
        },
    }


def push(stored: registry.Registry, tag: str, values: dict[Place, Canaries]) -> list[Item]:
    """Push an artifact, and read everything that is new."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as archive:
        content = values[Place.LAYERS].make().encode()
        member = tarfile.TarInfo("opt/env/direct_url.json")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    parts = [
        (ARTIFACT, values[Place.CONFIGS].make().encode()),
        ("application/vnd.oci.image.layer.v1.tar+gzip", gzip.compress(layer.getvalue())),
        ("application/vnd.falapp.pylock.v1+toml", values[Place.LOCKS].make().encode()),
        ("application/vnd.cyclonedx+json", values[Place.BILLS].make().encode()),
        (f"application/vnd.{values[Place.MANIFESTS].make()}", b"nothing"),
    ]
    before = stored.tags()
    stored.put("planted", tag, parts)
    try:
        return list(stored.items(stored.tags() - before))
    finally:
        stored.delete("planted", tag)


@pytest.mark.parametrize("place", [p for p in Place if p is not Place.OPERATOR_LOG])
def test_what_is_planted_is_found_and_only_there(planted, place):
    """The operator's log is read as runners' logs are; the sweep shows that it is not empty."""
    items, values = planted
    found = {
        item.place for item in items if list(search.leaks(item.name, item.content, values[place]))
    }
    assert place in found
    # The arguments of a pod stand in the Pod, and each of these pods says what it was given.
    assert found <= {place, Place.OBJECTS, Place.BUILD_LOGS, Place.RUNNER_LOGS}
