"""`image.dockerfile`: built once by Kaniko with its cache, and packages on top of it."""

import json
import secrets
from typing import Any

import pytest

from tests.conftest import made_namespace
from tests.kube import install
from tests.kube.jobs import watched
from tests.kube.kubectl import Kube, condition
from tests.leaks import search

CODE = """\
import pathlib

import fal
import humanize


class App(fal.App):
    @fal.endpoint("/")
    def tell(self) -> dict:
        files = ("word", "arg", "spied")
        return {name: pathlib.Path("/made", name).read_text() for name in files}
"""
SPY = """\
import os, pathlib, urllib.error, urllib.request
found = {p: pathlib.Path(p).read_text(errors='replace')
         for p in ('/proc/self/environ', '/kaniko/.docker/config.json', '/kaniko/push/config.json')
         if os.path.exists(p)}
def ask(path):
    try:
        with urllib.request.urlopen('http://127.0.0.1:5001/v2/' + path, timeout=10) as answer:
            return [answer.status, answer.read(9999).decode(errors='replace')]
    except urllib.error.HTTPError as error:
        return [error.code, '']
found['asked'] = {p: ask(p) for p in ('', 'x/manifests/TAG', 'x/manifests/latest')}
found['files'] = sorted(os.listdir('/kaniko'))
import json
print(json.dumps(found))
"""


MORE = "RUN printf more > /made/more"
FAILS = "RUN echo tar: nope; sleep 5; false"
"""Not at once: Kaniko pushes a layer to the cache while it goes on."""


def dockerfile(base: str, word: str, *more: str) -> str:
    """Return a Dockerfile that leaves files in /made: its word, its argument, what it could see."""
    spy = SPY.encode().hex()
    lines = [
        "# syntax=docker/dockerfile:1",
        f"FROM {base}",
        "ARG NAME=nobody",
        f"RUN mkdir /made && printf '{word}' > /made/word",
        'RUN printf "$NAME" \\',
        "  # a comment between",
        "  > /made/arg",
        f"RUN python3 -c \"exec(bytes.fromhex('{spy}'))\" > /made/spied",
        *more,
        "USER 1000",
    ]
    return "\n".join(lines)


def asking(text: str, **more: Any) -> dict[str, Any]:
    return {
        "entrypoint": "app.py",
        "source": {"inline": {"app.py": CODE}},
        "requirements": ["humanize==4.17.0"],
        "image": {"dockerfile": text, "buildArgs": {"NAME": "a b"}},
        **more,
    }


@pytest.fixture(scope="module")
def word() -> str:
    """What no earlier run has in the registry."""
    return secrets.token_hex(6)


@pytest.fixture(scope="module")
def elsewhere(kube):
    """Another namespace."""
    with made_namespace(kube) as name:
        yield name


@pytest.fixture(scope="module")
def watch(kube):
    """Every build Job that is started while this module runs."""
    with watched(kube) as seen:
        yield seen


@pytest.fixture(scope="module")
def built(apps, cluster, shared_namespace, elsewhere, word, watch):
    """The first app, Ready; then one with a line more, and one with another list of packages."""
    base = cluster.images.base["3.11"]
    apps.apply(shared_namespace, "first", **asking(dockerfile(base, word)))
    apps.apply(elsewhere, "broken", **asking(dockerfile(base, word, FAILS)))
    first = apps.ready(shared_namespace, "first")
    apps.apply(shared_namespace, "more", **asking(dockerfile(base, word, MORE)))
    other = asking(dockerfile(base, word), requirements=["humanize==4.17.0", "six"])
    apps.apply(shared_namespace, "other", **other)
    return first


def under(kube: Kube, namespace: str, *lines: str) -> dict[str, Any]:
    """Return the one Environment that is the image of a Dockerfile with these lines alone."""
    found = [
        environment
        for environment in kube.list("environments.falapp.dev", namespace)
        if "pythonVersion" not in environment["spec"]
        and all(line in environment["spec"]["dockerfile"]["text"] for line in lines)
    ]
    return min(found, key=lambda e: len(e["spec"]["dockerfile"]["text"]))


def log(kube: Kube, environment: dict[str, Any]) -> str:
    label = f"falapp.dev/environment={environment['metadata']['name']}"
    options = ("-n", install.BUILDS, "-l", label, "-c", "dockerfile", "--tail=-1")
    return str(kube.run("logs", *options))


def test_packages_go_on_top_of_what_the_dockerfile_makes(kube, caller, built, word):
    said = caller.post(built["status"]["url"], {})
    assert (said["word"], said["arg"]) == (word, "a b")
    namespace = built["metadata"]["namespace"]
    top = kube.get("environments.falapp.dev", built["status"]["environment"]["name"], namespace)
    base = under(kube, namespace, word)
    assert condition(base, "Ready")["reason"] == "Built"
    assert top["metadata"]["name"] in [o["name"] for o in base["metadata"]["ownerReferences"]]
    assert top["status"].get("waitsFor", "") == ""


def test_its_commands_found_no_credential_and_no_image_of_others(caller, built, push_canaries):
    spied = caller.post(built["status"]["url"], {})["spied"]
    assert list(search.leaks("spied", spied.encode(), push_canaries)) == []
    found = json.loads(spied)
    assert {path: status for path, (status, _) in found["asked"].items()} == {
        "": 200,
        "x/manifests/TAG": 404,
        "x/manifests/latest": 404,
    }
    assert not {"push", "registry", "secrets"} & set(found["files"])


def test_one_more_line_builds_one_more_layer_for_the_namespace(kube, apps, built):
    namespace = built["metadata"]["namespace"]
    apps.ready(namespace, "more")
    said = log(kube, under(kube, namespace, MORE))
    assert said.count("Using caching version of cmd: RUN") == 3
    assert said.count("No cached layer found for cmd RUN") == 1


def test_another_list_of_packages_builds_no_dockerfile(kube, apps, built, word, watch):
    namespace = built["metadata"]["namespace"]
    other = apps.ready(namespace, "other")
    assert watch.started(other["status"]["environment"]["name"]) == 1
    assert watch.started(under(kube, namespace, word)["metadata"]["name"]) == 1


@pytest.mark.usefixtures("built")
def test_a_command_that_fails_is_named_and_mended(kube, apps, caller, elsewhere, word):
    app = apps.stalled(elsewhere, "broken", "DockerfileFailed")
    failure = app["status"]["failure"]
    assert f"`{FAILS}` ended with exit status 1" in failure["message"]
    assert "tar: nope" in failure["logTail"]
    # Another namespace's layers are not taken: what was cached there may be anything.
    assert "Using caching version" not in log(kube, under(kube, elsewhere, FAILS))
    mended = app["spec"]["image"]["dockerfile"].replace(FAILS, MORE)
    apps.apply(elsewhere, "broken", **asking(mended))
    ready = apps.ready(elsewhere, "broken")
    assert caller.post(ready["status"]["url"], {})["word"] == word
    said = log(kube, under(kube, elsewhere, MORE))
    assert said.count("Using caching version of cmd: RUN") == 3


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("RUN --mount=type=cache,target=/x true", "line 2: RUN --mount"),
        ("COPY app.py /", "line 2: COPY"),
    ],
)
def test_what_kaniko_would_ignore_is_refused_with_its_line(apps, namespace, line, named):
    text = f"FROM x\n{line}"
    apps.apply(namespace, "refused", **asking(text, image={"dockerfile": text}))
    app = apps.stalled(namespace, "refused", "InvalidSpec", seconds=60)
    assert f"spec.image.dockerfile: {named}" in condition(app, "Ready")["message"]
