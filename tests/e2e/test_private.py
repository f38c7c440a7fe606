"""Packages that are not for everybody: by a Secret, from an index, from git, from a store."""

import json
import secrets
from dataclasses import dataclass
from typing import Any

import pytest

from tests.kube import install
from tests.kube.kubectl import Kube, condition, poll
from tests.servers import words
from tests.servers.packages import tree, wheel
from tests.servers.start import Server

WAYS = ("index", "git", "store")
PACKAGES = {"index": "falapp-kept", "git": "falapp-forged", "store": "falapp-stored"}
OLD, NEW, WRONG = (secrets.token_hex(12) for _ in range(3))
PASSWORDS = {"reader": OLD, "renewed": NEW}
MODULES = {way: name.replace("-", "_") for way, name in PACKAGES.items()}


@dataclass(frozen=True)
class World:
    """The servers, and a word a package that no earlier run knew."""

    index: Server
    git: Server
    store: Server
    words: dict[str, str]

    def requirements(self, way: str) -> list[str]:
        return {
            "index": [
                f"--index-url={self.index.url('simple/', user='${INDEX_USER}')}",
                f"{PACKAGES['index']}==1.0",
            ],
            "git": [f"{PACKAGES['git']} @ git+{self.git.url('word.git@v1', user='${INDEX_USER}')}"],
            "store": [f"{PACKAGES['store']} @ ${{INDEX_USER}}"],
        }[way]

    def value(self, way: str, token: str) -> str:
        """Return what ${INDEX_USER} stands for: each time another URL, where it is one."""
        user = next((name for name, known in PASSWORDS.items() if known == token), "reader")
        if way == "index":
            return f"{user}:{token}"
        return token if way == "git" else self.store.signed(self.file)

    @property
    def file(self) -> str:
        return f"{MODULES['store']}-1.0-py3-none-any.whl"


@pytest.fixture(scope="module")
def world(starter):
    told = {way: f"{way}-{secrets.token_hex(4)}" for way in WAYS}
    index = starter.index([wheel(PACKAGES["index"], told["index"])], PASSWORDS)
    commits = [
        {"files": tree(PACKAGES["git"], told["git"]), "tag": "v1"},
        {"files": tree(PACKAGES["git"], "of another commit", version="2.0")},
    ]
    git = starter.git({"word.git": commits}, {OLD: ["word.git"], NEW: ["word.git"]})
    store = starter.store([wheel(PACKAGES["store"], told["store"])], secrets.token_hex(12))
    starter.wait(index, git, store)
    return World(index, git, store, told)


def secret(kube: Kube, namespace: str, way: str, value: str) -> None:
    kube.apply(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": f"private-{way}"},
            "stringData": {"value": value},
        },
        namespace=namespace,
    )


def spec(world: World, way: str, more: str = "") -> dict[str, Any]:
    reference = {"name": f"private-{way}", "key": "value"}
    return {
        **words.app(PACKAGES[way], more=more),
        "requirements": world.requirements(way),
        "requirementSecrets": [{"name": "INDEX_USER", "secretKeyRef": reference}],
    }


def environment(kube: Kube, namespace: str, app) -> dict[str, Any]:
    found = kube.get("environments.falapp.dev", app["status"]["environment"]["name"], namespace)
    assert found
    return found


@pytest.fixture(scope="module")
def private(kube, apps, shared_namespace, world):
    """An app for each way, all of them building at once."""
    for way in WAYS:
        secret(kube, shared_namespace, way, world.value(way, OLD))
        apps.apply(shared_namespace, way, **spec(world, way))
    return shared_namespace


@pytest.mark.parametrize("way", WAYS)
def test_a_secret_in_the_requirements_is_enough(kube, apps, caller, world, private, way):
    app = apps.ready(private, way)
    assert condition(app, "EnvironmentReady")["reason"] == "Built"
    assert caller.post(app["status"]["url"], {}) == {MODULES[way]: world.words[way]}
    assert condition(app, "CredentialsExposed") == {}
    [used] = environment(kube, private, app)["spec"]["secrets"]
    assert used == {
        "name": "INDEX_USER",
        "secretKeyRef": {"name": f"private-{way}", "key": "value"},
    }


@pytest.mark.parametrize("way", WAYS)
def test_another_token_or_signature_changes_nothing(kube, apps, jobs, world, private, way):
    before = environment(kube, private, apps.ready(private, way))
    secret(kube, private, way, world.value(way, NEW))
    # Other code, so that the operator surely looked at the app again.
    apps.apply(private, way, **spec(world, way, more="\n# a comment\n"))
    app = apps.ready(private, way)
    after = environment(kube, private, app)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["status"]["image"] == before["status"]["image"]
    assert jobs.started(after["metadata"]["name"]) == 0


def literal(world: World, token: str) -> dict[str, Any]:
    names = [PACKAGES["index"], PACKAGES["store"]]
    return {
        **words.app(*names),
        "requirements": [
            "--index-url",
            world.index.url("simple/", user=world.value("index", token)),
            f"{PACKAGES['index']}==1.0",
            f"{PACKAGES['store']} @ {world.value('store', token)}",
        ],
    }


def test_a_literal_credential_works_is_hidden_and_is_warned_of(
    kube, apps, jobs, caller, namespace, world
):
    first = literal(world, OLD)
    apps.apply(namespace, "literal", **first)
    app = apps.ready(namespace, "literal")
    told = {MODULES[way]: world.words[way] for way in ("index", "store")}
    assert caller.post(app["status"]["url"], {}) == told

    warning = condition(app, "CredentialsExposed")
    assert (warning["status"], warning["reason"]) == ("True", "LiteralCredentials")
    for word in ("kubectl create secret", "requirementSecrets", "${", "--index-url"):
        assert word in warning["message"]
    signature = first["requirements"][-1].rpartition("=")[2]
    made = environment(kube, namespace, app)
    for shown in (json.dumps(app["status"]), json.dumps(made)):
        assert OLD not in shown
        assert signature not in shown

    # Rotated and signed anew, it is the same environment.
    apps.apply(namespace, "literal", **literal(world, NEW))
    again = apps.ready(namespace, "literal")
    assert environment(kube, namespace, again)["metadata"]["uid"] == made["metadata"]["uid"]
    assert jobs.started(made["metadata"]["name"]) == 1


def test_another_namespace_needs_a_token_of_its_own(kube, apps, caller, namespace, world, private):
    """And a missing Secret is named, and its creation is enough."""
    way = "index"
    first = apps.ready(private, way)
    apps.apply(namespace, "other", **spec(world, way))
    app = apps.stalled(namespace, "other", "SecretNotFound", seconds=60)
    assert f"'private-{way}'" in condition(app, "Ready")["message"]
    assert not app["status"]["environment"]["image"]

    secret(kube, namespace, way, world.value(way, WRONG))
    app = apps.stalled(namespace, "other", "AccessDenied")
    assert WRONG not in json.dumps(app)
    assert PACKAGES[way] in condition(app, "Ready")["message"]

    secret(kube, namespace, way, world.value(way, OLD))
    kube.run("annotate", "falapp", "other", "-n", namespace, "falapp.dev/retry=now")
    app = apps.ready(namespace, "other")
    assert caller.post(app["status"]["url"], {}) == {MODULES[way]: world.words[way]}
    assert app["status"]["environment"]["name"] != first["status"]["environment"]["name"]


def test_without_a_token_a_private_package_cannot_be_had(apps, namespace, world, private):
    apps.ready(private, "index")
    requirements = [f"--index-url={world.index.url('simple/')}", f"{PACKAGES['index']}==1.0"]
    apps.apply(namespace, "bare", **words.app(PACKAGES["index"]), requirements=requirements)
    app = apps.stalled(namespace, "bare", "AccessDenied")
    assert world.index.host in condition(app, "Ready")["message"]


def test_the_secrets_of_a_build_go_with_its_job(kube, apps, private):
    """They are in the builds' namespace for as long as the Job is, and are owned by it."""
    name = apps.ready(private, "index")["status"]["environment"]["name"]
    found = poll(
        lambda: [s for s in kube.list("secrets", install.BUILDS) if s["metadata"]["name"] == name],
        bool,
        what="the build's Secret is there",
        seconds=5,
    )
    [owner] = found[0]["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"]) == ("Job", name)
