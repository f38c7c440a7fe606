"""A package with a malicious setup.py spoils nothing that others get, and finds nothing of theirs.

It is built twice: beside a wheel that another environment has had before, and, with a view of the
other packages (--no-build-isolation), beside one that nobody has had yet, so that the layer which
others will get comes from the very pod that it runs in.
"""

import json
import secrets
from typing import Any

import pytest

from tests.kube import install
from tests.kube.kubectl import Kube
from tests.leaks import registry, search
from tests.leaks.canary import Canaries
from tests.servers import words
from tests.servers.packages import File, module, sdist, tree, wheel
from tests.servers.spy import REPORTING, spy
from tests.servers.start import Server, Starter

SPY, OLD, FRESH, HONEST = "falapp-spy", "falapp-old", "falapp-fresh", "falapp-honest"
WORDS = {name: f"{name} {secrets.token_hex(4)}" for name in (OLD, FRESH, HONEST)}
SETUPTOOLS = "setuptools==80.9.0"
OURS = ("/kaniko/falapp", "/kaniko/wheels", "/kaniko/plan", "/kaniko/lock", "/kaniko/request")
"""What steps before and after rely on."""


@pytest.fixture(scope="module")
def index(starter: Starter) -> Server:
    """An index that is open to everybody: its wheels' layers are everybody's."""
    server = Server(starter.kube, starter.namespace, "index")
    drop = server.url("drop")

    def malicious(version: str) -> File:
        return spy(SPY, version, drop=drop, builds=install.BUILDS)

    files = [
        *(wheel(name, WORDS[name]) for name in (OLD, FRESH)),
        *(malicious(version) for version in ("1.0", "2.0")),
        sdist(HONEST, tree(HONEST, WORDS[HONEST])),
    ]
    server = starter.index(files, {})
    starter.wait(server)
    return server


@pytest.fixture(scope="module")
def others(kube: Kube):
    """The Secret of another tenant's build, where all builds are."""
    canaries = Canaries()
    name = f"env-{secrets.token_hex(8)}"
    kube.apply(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "labels": install.MADE},
            "stringData": {"GH_TOKEN": canaries.make()},
        },
        namespace=install.BUILDS,
    )
    yield canaries
    kube.delete("secret", name, install.BUILDS)


class World:
    """Apps in one namespace, each Ready, with what they say and the layers they have."""

    def __init__(self, apps, caller, stored: registry.Registry, namespace: str, index: Server):
        self.apps, self.caller, self.stored = apps, caller, stored
        self.namespace, self.index = namespace, index

    def apply(self, name: str, packages: list[str], *layers: list[str], more: str = ""):
        index = f"--extra-index-url={self.index.url('simple/')}"
        self.apps.apply(
            self.namespace,
            name,
            **words.app(*packages, more=more),
            requirementLayers=[[index, *layer] for layer in layers],
        )

    def ready(self, name: str) -> dict[str, Any]:
        return dict(self.apps.ready(self.namespace, name))

    def says(self, name: str, path: str = "") -> dict[str, Any]:
        url = self.ready(name)["status"]["url"]
        return dict(self.caller.post(f"{url}/{path}".rstrip("/"), {}))

    def layers(self, name: str) -> list[str]:
        image = self.ready(name)["status"]["environment"]["image"]
        repository, _, digest = image.partition("/")[2].partition("@")
        return [layer["digest"] for layer in self.stored.manifest(repository, digest)["layers"]]

    def status(self, name: str) -> dict[str, Any]:
        environment = self.ready(name)["status"]["environment"]["name"]
        found = self.apps.kube.get("environments.falapp.dev", environment, self.namespace)
        return dict(found["status"])


@pytest.fixture(scope="module")
def world(apps, caller, starter, shared_namespace, index, others):
    """The first environment, then the two that are malicious, then those that share with them."""
    with registry.reached(starter.kube, starter.cluster, starter.namespace) as stored:
        made = World(apps, caller, stored, shared_namespace, index)
        made.apply("before", [OLD], [f"{OLD}==1.0"])
        made.ready("before")
        made.apply("spying", [OLD, SPY], [f"{OLD}==1.0", f"{SPY}==1.0"], more=REPORTING)
        fresh = [f"{FRESH}==1.0", SETUPTOOLS]
        seeing = [f"{SPY}==2.0", "--no-build-isolation"]
        made.apply("seeing", [FRESH, SPY], fresh, seeing, more=REPORTING)
        made.ready("spying")
        made.ready("seeing")
        made.apply("after", [OLD, HONEST], [f"{OLD}==1.0", f"{HONEST}==1.0"])
        made.apply("first", [FRESH], fresh)
        made.ready("after")
        yield made


def reports(world: World) -> list[dict[str, Any]]:
    """Return what the package wrote into itself, and what it posted."""
    posted = [json.loads(line) for line in world.index.dropped().splitlines()]
    return [world.says("spying", "report"), world.says("seeing", "report"), *posted]


def test_it_ran_at_both_stages_and_in_both_ways(world):
    found = reports(world)
    assert {report["stage"] for report in found} == {"metadata", "build"}
    assert len(found) >= 4
    for report in found[:2]:
        assert report["stage"] == "build"
        assert any(path.endswith("/environ") for path in report["found"])
        assert report["left"] > 0


def test_it_could_write_only_to_what_is_its_own(world):
    for report in reports(world):
        spoiled = [path for path in report["changed"] if path.startswith(OURS)]
        assert spoiled == []


def test_it_found_no_credential_of_others(world, push_canaries, others):
    for report in reports(world):
        text = json.dumps(report["found"]).encode()
        assert list(search.leaks("report", text, push_canaries)) == []
        assert list(search.leaks("report", text, others)) == []


def test_it_had_no_account_to_ask_the_api_server_with(world):
    for report in reports(world):
        assert not [path for path in report["found"] if "serviceaccount" in path]
        for kind in ("secrets", "configmaps", "pods"):
            assert report["found"][kind].startswith("(")


def test_the_search_would_have_found_them(world, others):
    """The same search finds a value where a file that the package can read holds it."""
    planted = {"/kaniko/secrets/GH_TOKEN": others.make()}
    assert list(search.leaks("report", json.dumps(planted).encode(), others))


def test_a_layer_that_another_had_before_stays_as_it_is(world):
    wheels = world.layers("before")[-1]
    for name in ("spying", "after"):
        assert wheels in world.layers(name)
    assert world.status("after")["layersReused"] >= 1
    assert world.says("before") == told(OLD)
    assert world.says("after") == told(OLD, HONEST)


def test_a_layer_that_was_built_beside_it_is_as_it_should_be(world):
    status = world.status("first")
    assert (status["layersBuilt"], status["layersReused"] >= 1) == (0, True)
    assert world.says("first") == told(FRESH)


@pytest.mark.parametrize("name", ["before", "after", "first"])
def test_no_file_of_others_was_changed(world, name):
    assert set(map(tuple, world.says(name, "changed").values())) == {()}


def told(*names: str) -> dict[str, str]:
    return {module(name): WORDS[name] for name in names}
