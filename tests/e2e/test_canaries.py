"""The canary sweep: secrets through every form and every outcome, and then a search everywhere."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.kube import install
from tests.kube.kubectl import condition, is_true, poll
from tests.kube.proxy import proxied
from tests.leaks import cells, places, registry, search
from tests.leaks.canary import Canaries
from tests.leaks.cells import FAILURES, Cell
from tests.leaks.paths import PATHS
from tests.leaks.places import Item, Place
from tests.leaks.record import recorded
from tests.servers import words
from tests.servers.packages import tree, wheel

WORDS = {form: f"{form} {secrets.token_hex(4)}" for form in cells.FORMS}
SECRET = "canaries"  # noqa: S105 - the name of a Secret
RESOLVERS = ("uv", "pip")
PATIENCE = 600


@dataclass
class Sweep:
    """What was done, and what could be read afterwards."""

    namespace: str
    canaries: Canaries = field(default_factory=Canaries)
    reasons: dict[str, str] = field(default_factory=dict)
    """How each app ended, by its name."""
    answers: dict[str, dict] = field(default_factory=dict)
    """What the apps that became Ready said."""
    items: list[Item] = field(default_factory=list)

    def at(self, place: Place) -> list[Item]:
        return [item for item in self.items if item.place is place]


def name(cell: Cell) -> str:
    return f"{cell.form}-{cell.outcome}"


@pytest.fixture(scope="module")
def sweep(kube, cluster, apps, caller, starter, shared_namespace) -> Sweep:
    done = Sweep(shared_namespace)
    failing = cells.failing(done.canaries)
    good = {r: cells.succeeding(done.canaries, i) for i, r in enumerate(RESOLVERS)}
    servers, signed = started(starter, [c for row in good.values() for c in row])
    for url in signed.values():
        done.canaries.adopt(url.rpartition("X-Amz-Signature=")[2].partition("&")[0])
    with (
        recorded(kube, install.BUILDS) as record,
        registry.reached(kube, cluster, starter.namespace) as stored,
    ):
        before = stored.tags()
        groups = {name(cell): [cell] for cell in failing} | good
        kube.apply(*manifests(groups, servers, signed), namespace=shared_namespace)
        follow(kube, done, set(groups))
        for resolver in RESOLVERS:
            app = kube.get("falapp", resolver, shared_namespace)
            if is_true(app, "Ready"):
                done.answers[resolver] = caller.post(app["status"]["url"], {})
        done.items += read(kube, shared_namespace)
        done.items += stored.items(stored.tags() - before)
    done.items += record.items()
    return done


def started(starter, good: list[Cell]) -> tuple[cells.Servers, dict[str, str]]:
    """Start the servers, which know the values of those that are to succeed; sign URLs."""
    wheels = [wheel(f"falapp-{form}", WORDS[form]) for form in cells.FORMS]
    index = starter.index(wheels, {cells.user(cell): cell.value for cell in good})
    git = starter.git(
        {f"{f}.git": [{"files": tree(f"falapp-{f}", WORDS[f])}] for f in ("git", "forge")},
        {cell.value: [f"{cell.form}.git"] for cell in good},
    )
    store = starter.store(wheels, secrets.token_hex(12))
    starter.wait(index, git, store)
    file = "falapp_signed-1.0-py3-none-any.whl"
    signed = {
        cell.value: store.signed(file, cell.value).partition("?")[2]
        for cell in good
        if cell.form == "signed"
    }
    return cells.Servers(index, git, store), signed


def manifests(groups: dict[str, list[Cell]], servers, signed) -> Iterator[dict]:
    """Yield an app for each cell that fails, one for all that succeed together, their Secrets."""
    for position, (app, members) in enumerate(groups.items()):
        hidden = {cell.variable: cells.value(cell, servers, signed) for cell in members}
        yield {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": f"{SECRET}-{app}"},
            "stringData": hidden,
        }
        names = [{"name": v, "secretKeyRef": {"name": f"{SECRET}-{app}", "key": v}} for v in hidden]
        used = {cell.variable for cell in members if not cell.literal}
        yield {
            "apiVersion": "falapp.dev/v1alpha1",
            "kind": "FalApp",
            "metadata": {"name": app},
            "spec": {
                **words.app(*(cell.package for cell in members)),
                "machineType": "e2e",
                "requirements": [
                    t for c in members for t in cells.requirements(c, servers, signed)
                ],
                "requirementSecrets": [each for each in names if each["name"] in used],
                "resolver": app if app in RESOLVERS else RESOLVERS[position // 2 % 2],
            },
        }


def follow(kube, done: Sweep, apps: set[str]) -> None:
    """Wait until each app has ended; one that is tried again has ended, too."""

    def look() -> set[str]:
        for app in kube.list("falapps", done.namespace):
            reason = condition(app, "Ready").get("reason", "")
            ended = is_true(app, "Ready") or reason in FAILURES.values() or is_true(app, "Stalled")
            if ended:
                done.reasons.setdefault(app["metadata"]["name"], reason)
        return apps - set(done.reasons)

    poll(look, lambda left: not left, what="every app of the sweep has ended", seconds=PATIENCE)


def read(kube, namespace: str) -> list[Item]:
    """Read everything that the cluster shows of the operator, of builds and of apps."""
    with proxied(kube) as api:
        operator = places.pods(api, install.NAMESPACE)
        runners = places.pods(api, namespace)
        return [
            *places.objects(api, (namespace, install.BUILDS, install.NAMESPACE)),
            *places.logs(api, Place.OPERATOR_LOG, operator),
            *places.logs(api, Place.RUNNER_LOGS, runners),
            *places.answers(api, [*operator, *runners]),
        ]


def leaks(items: list[Item], canaries: Canaries) -> list[str]:
    return [
        f"{item.place}: {leak}"
        for item in items
        for leak in search.leaks(item.name, item.content, canaries)
    ]


@pytest.mark.parametrize("resolver", RESOLVERS)
def test_all_forms_together_give_all_packages(sweep, resolver):
    assert sweep.reasons[resolver] == "RunnersReady"
    assert sweep.answers[resolver] == {f"falapp_{form}": WORDS[form] for form in cells.FORMS}


@pytest.mark.parametrize("outcome", FAILURES)
def test_each_failure_has_its_reason(sweep, outcome):
    ended = {form: sweep.reasons[f"{form}-{outcome}"] for form in cells.FORMS}
    assert ended == dict.fromkeys(cells.FORMS, FAILURES[outcome])


@pytest.mark.parametrize("place", Place)
def test_no_secret_is_there(sweep, push_canaries, place):
    found = sweep.at(place)
    assert any(item.content for item in found), f"nothing was read from {place}"
    assert leaks(found, sweep.canaries) == []
    assert leaks(found, push_canaries) == []


def test_the_operators_log_was_at_debug_level(sweep):
    text = b"".join(item.content for item in sweep.at(Place.OPERATOR_LOG))
    assert b" DEBUG " in text
    assert sweep.namespace.encode() in text


def test_every_build_was_recorded_with_all_that_it_said(sweep):
    """Each app that got as far as a build has a log of its step that resolves."""
    apps = {f"{form}-{o}" for form in cells.FORMS for o in FAILURES if o != "malformed"}
    logs = [item.name for item in sweep.at(Place.BUILD_LOGS) if item.name.endswith("/resolve")]
    assert len(set(logs)) >= len(apps) + len(RESOLVERS)


def test_each_known_way_out_is_looked_at_or_cannot_be():
    assert [path.number for path in PATHS] == list(range(1, 23))
    assert all(path.places or path.why_not for path in PATHS)
    assert {place for path in PATHS for place in path.places} == set(Place)
