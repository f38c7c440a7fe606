"""The CronJob that cleans the registry, in a repository of its own, run by hand."""

import secrets
from dataclasses import dataclass

import pytest

from tests.conftest import PUSH
from tests.kube import install
from tests.kube.kubectl import Kube, condition, poll
from tests.leaks import registry

CRON_JOB = f"{install.RELEASE}-operator-retention"
KEPT, GONE = "six==1.17.0", "humanize==4.17.0"
CODE = """\
import fal


class App(fal.App):
    @fal.endpoint("/")
    def tell(self) -> dict:
        import {module}

        return {{"name": {module}.__name__}}
"""


def spec(requirement: str) -> dict:
    code = CODE.format(module=requirement.partition("=")[0])
    source = {"inline": {"app.py": code}}
    return {"entrypoint": "app.py", "source": source, "requirements": [requirement]}


@dataclass(frozen=True)
class Cleaning:
    """The repository, and the CronJob's runs."""

    kube: Kube
    stored: registry.Registry
    path: str

    def tags(self) -> set[str]:
        return {tag for path, tag in self.stored.tags() if path == self.path}

    def layers(self, tag: str) -> set[str]:
        return {layer["digest"] for layer in self.stored.manifest(self.path, tag)["layers"]}

    def image(self, environment: str) -> str:
        """Return the tag of an Environment's image."""
        [tag] = [tag for tag in self.tags() if tag.startswith(environment)]
        return tag

    def run(self) -> str:
        """Make a Job of the CronJob; return what it said."""
        name = f"e2e-{secrets.token_hex(4)}"
        where = ("-n", install.BUILDS)
        self.kube.run("create", "job", name, f"--from=cronjob/{CRON_JOB}", *where)
        try:
            done = poll(
                lambda: (self.kube.get("job", name, install.BUILDS) or {}).get("status", {}),
                lambda status: status.get("succeeded") or status.get("failed"),
                what=f"the Job {name} has ended",
                seconds=60,
            )
            said = self.kube.run("logs", *where, "-l", f"job-name={name}", "--tail=-1")
            assert done.get("succeeded"), said
            return said
        finally:
            self.kube.delete("job", name, install.BUILDS)


@pytest.fixture(scope="module")
def cleaning(kube, cluster, configured, starter):
    """A repository that only this module uses: nothing of the other tests is deleted."""
    repository = f"{cluster.registry}/retention-{secrets.token_hex(3)}"
    retention = {"enabled": True, "after": "1s", "schedule": "0 0 1 1 *"}
    values = {"pushSecret": PUSH, "repository": repository, "retention": retention}
    with (
        configured({"registry": values}),
        registry.reached(kube, cluster, starter.namespace) as stored,
    ):
        yield Cleaning(kube, stored, repository.partition("/")[2])
    kube.delete("configmap", CRON_JOB, install.BUILDS)


def forget(kube: Kube, namespace: str, *names: str) -> None:
    """Delete apps, and wait until nothing that names their images is left."""
    owned = {kube.get("falapp", n, namespace)["status"]["environment"]["name"] for n in names}
    for name in names:
        kube.delete("falapp", name, namespace)

    def left() -> list[tuple[str, str]]:
        found = [("environment", e) for e in owned if kube.get("fenv", e, namespace)]
        for kind in ("replicasets", "pods"):
            pods = kube.list(kind, namespace, f"falapp.dev/app in ({','.join(names)})")
            found += [(kind, each["metadata"]["name"]) for each in pods]
        return found

    poll(left, lambda found: not found, what=f"{names} are gone", seconds=60)


def test_what_nothing_uses_goes_and_comes_back_when_it_is_wanted(
    kube, cluster, apps, caller, namespace, cleaning
):
    # What Kaniko keeps of the lines of a Dockerfile is used as long as its image is.
    dockerfile = f"FROM {cluster.images.base['3.11']}\nRUN mkdir /made && touch /made/it\n"
    apps.apply(namespace, "kept", **spec(KEPT), image={"dockerfile": dockerfile})
    apps.apply(namespace, "gone", **spec(GONE))
    kept, gone = (apps.ready(namespace, name) for name in ("kept", "gone"))
    used, unused = (cleaning.image(a["status"]["environment"]["name"]) for a in (kept, gone))
    everything = cleaning.tags()
    assert [tag for tag in everything if tag.startswith("cache-")]
    own = cleaning.layers(unused) - cleaning.layers(used)
    layers = {tag for tag in everything if tag.startswith("layer-") and cleaning.layers(tag) & own}
    assert layers
    assert " 0 were not, 0 of these were deleted" in cleaning.run()

    forget(kube, namespace, "gone")
    assert " 0 of these were deleted" in cleaning.run()
    assert cleaning.tags() == everything
    cleaning.run()
    assert everything - cleaning.tags() == {unused, f"lock-{unused}", *layers}
    # Whoever pulls the other one gets all of it.
    whole = [item.name for item in cleaning.stored.items({(cleaning.path, used)})]
    assert len(whole) > len(cleaning.layers(used))

    apps.apply(namespace, "again", **spec(GONE))
    again = apps.ready(namespace, "again")
    assert again["status"]["environment"]["name"] == gone["status"]["environment"]["name"]
    assert condition(again, "EnvironmentReady")["reason"] == "Built"
    assert caller.post(again["status"]["url"], {}) == {"name": "humanize"}
    assert caller.post(kept["status"]["url"], {}) == {"name": "six"}
    assert cleaning.tags() == everything

    forget(kube, namespace, "kept", "again")
    poll(
        lambda: [e["metadata"]["name"] for e in kube.list("fenv", namespace)],
        lambda left: not left,
        what="the image of the Dockerfile is collected after what was on top of it",
        seconds=30,
    )
    cleaning.run()
    cleaning.run()
    assert cleaning.tags() == set()
