"""What a user can hand to `pip install`, for real: many forms in one list, with both resolvers."""

import secrets
from typing import Any

import pytest

from tests.kube.kubectl import condition
from tests.servers import words
from tests.servers.packages import sdist, tree, wheel
from tests.servers.start import Server

TOKEN = secrets.token_hex(12)
PLAIN, MORE, SOURCE = "falapp-plain", "falapp-more", "falapp-source"
TAGGED, DEEP, NEEDS = "falapp-tagged", "falapp-deep", "falapp-needs"
WORDS = {name: f"{name} {secrets.token_hex(4)}" for name in (PLAIN, MORE, SOURCE, TAGGED, DEEP)}
WHEEL = wheel(PLAIN, WORDS[PLAIN])
READ = 'pathlib.Path(f"{MODULE}.py").read_text()'
"""How a backend gets its module's text."""


def needing() -> dict[str, str]:
    """A project that cannot be built unless it sees another package of the list."""
    files = tree(NEEDS, "never")
    assert READ in files["backend.py"]
    seen = "f\"WORD = {'seen: ' + __import__('falapp_plain').WORD!r}\\n\""
    return {**files, "backend.py": files["backend.py"].replace(READ, seen)}


@pytest.fixture(scope="module")
def index(starter) -> Server:
    """An index that is open to everybody: what comes from it is shared by everybody."""
    files = [
        WHEEL,
        wheel(PLAIN, "too new", version="2.0"),
        wheel(MORE, WORDS[MORE]),
        sdist(SOURCE, tree(SOURCE, WORDS[SOURCE])),
        sdist(NEEDS, needing()),
    ]
    server = starter.index(files, {})
    starter.wait(server)
    return server


@pytest.fixture(scope="module")
def git(starter) -> Server:
    deep = {f"parts/deep/{path}": text for path, text in tree(DEEP, WORDS[DEEP]).items()}
    commits = [
        {"files": tree(TAGGED, WORDS[TAGGED]), "tag": "v1.0"},
        {"files": tree(TAGGED, "of main", version="2.0")},
        {"files": deep, "branch": "next"},
    ]
    server = starter.git({"word.git": commits}, {TOKEN: ["word.git"]})
    starter.wait(server)
    return server


def forms(index: Server, git: Server) -> list[list[str]]:
    """Return two layers: a tag, a subdirectory of a branch, a source, hashes, two indexes."""
    repository = git.url("word.git", user="${GH_TOKEN}")
    return [
        [
            f"--extra-index-url={index.url('simple/')}",
            f"{PLAIN} == 1.0",
            f"--hash=sha256:{WHEEL.sha256}",
            SOURCE,
            "humanize==4.17.0",
        ],
        [
            f"git+{repository}@v1.0#egg={TAGGED}",
            f"{DEEP} @ git+{repository}@next#subdirectory=parts/deep",
        ],
    ]


ASKED = [PLAIN, SOURCE, TAGGED, DEEP]


@pytest.fixture(scope="module")
def many(kube, apps, shared_namespace, index, git):
    """The list, as each of the two resolvers reads it."""
    made = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "gh"},
        "stringData": {"token": TOKEN},
    }
    kube.apply(made, namespace=shared_namespace)
    for resolver in ("uv", "pip"):
        apps.apply(shared_namespace, resolver, **asking(forms(index, git), ASKED, resolver))
    return shared_namespace


def asking(layers: list[list[str]], packages: list[str], resolver: str) -> dict[str, Any]:
    reference = {"name": "gh", "key": "token"}
    return {
        **words.app(*packages),
        "requirementLayers": layers,
        "requirementSecrets": [{"name": "GH_TOKEN", "secretKeyRef": reference}],
        "resolver": resolver,
    }


def told(*packages: str) -> dict[str, str]:
    return {name.replace("-", "_"): WORDS[name] for name in packages}


@pytest.mark.parametrize("resolver", ["uv", "pip"])
def test_many_forms_in_one_list_give_what_they_say(apps, caller, many, resolver):
    app = apps.ready(many, resolver)
    assert caller.post(app["status"]["url"], {}) == told(*ASKED)
    changed = caller.post(f"{app['status']['url']}/changed", {})
    assert changed == {name: [] for name in told(*ASKED)}


def environment(kube, namespace: str, app) -> dict[str, Any]:
    name = app["status"]["environment"]["name"]
    return kube.get("environments.falapp.dev", name, namespace)


def test_a_package_more_builds_a_layer_more_and_takes_the_others(
    kube, apps, caller, many, index, git
):
    apps.ready(many, "uv")
    first, *others = forms(index, git)
    # The layer of sources stays as it is: its packages are the same.
    apps.apply(many, "more", **asking([[*first, MORE], *others], [*ASKED, MORE], "uv"))
    app = apps.ready(many, "more")
    assert caller.post(app["status"]["url"], {}) == told(*ASKED, MORE)
    status = environment(kube, many, app)["status"]
    assert status["layersBuilt"] == 1
    assert status["layersReused"] >= 1
    assert 0 < status["bytes"] < status["size"]


def test_what_a_build_cost_can_be_seen(kube, apps, many):
    app = apps.ready(many, "uv")
    found = environment(kube, many, app)
    table = kube.run("get", "fenv", found["metadata"]["name"], "-n", many, "-o", "wide")
    head, row = table.splitlines()
    for column in ("PACKAGES", "REUSED", "BUILT", "SIZE", "SECONDS"):
        assert column in head.split()
    status = found["status"]
    assert status["packages"] == len(ASKED) + 1
    assert status["buildSeconds"] > 0
    for field in ("packages", "layersReused", "layersBuilt", "size", "buildSeconds"):
        assert str(status[field]) in row.split()


def test_the_lock_is_kept_and_holds_no_credential(kube, apps, many):
    app = apps.ready(many, "uv")
    name = environment(kube, many, app)["status"]["lock"]
    lock = str(kube.get("configmap", name, many)["data"])
    for package in (*ASKED, "humanize"):
        assert package in lock
    assert WHEEL.sha256 in lock
    assert TOKEN not in lock


def test_a_wrong_hash_is_named(apps, namespace, index):
    wrong = f"--hash=sha256:{'0' * 64}"
    requirements = [f"--index-url={index.url('simple/')}", f"{PLAIN}==1.0 {wrong}"]
    apps.apply(namespace, "wrong", **words.app(PLAIN), requirements=requirements)
    app = apps.stalled(namespace, "wrong", "HashMismatch")
    assert PLAIN in condition(app, "Ready")["message"]


def test_without_build_isolation_a_package_sees_the_others_while_it_is_built(
    apps, caller, namespace, index
):
    indexes = f"--index-url={index.url('simple/')}"
    requirements = [indexes, f"{PLAIN}==1.0", NEEDS, "--no-build-isolation"]
    apps.apply(namespace, "needs", **words.app(PLAIN, NEEDS), requirements=requirements)
    app = apps.ready(namespace, "needs")
    seen = {"falapp_needs": f"seen: {WORDS[PLAIN]}"}
    assert caller.post(app["status"]["url"], {}) == {**told(PLAIN), **seen}
