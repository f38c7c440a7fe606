"""`image.dockerfile`: built once by Kaniko with its cache, and packages on top of it."""

import json
import secrets
from typing import Any

import pytest

from tests.kube import install
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
def built(apps, cluster, shared_namespace, word):
    """The first app, Ready."""
    text = dockerfile(cluster.images.base["3.11"], word)
    apps.apply(shared_namespace, "first", **asking(text))
    return apps.ready(shared_namespace, "first")


def environments(kube: Kube, namespace: str) -> dict[bool, list[dict[str, Any]]]:
    """Return the Environments of a namespace by whether they are a Dockerfile's image alone."""
    found: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for environment in kube.list("environments.falapp.dev", namespace):
        found["pythonVersion" not in environment["spec"]].append(environment)
    return found


def log(kube: Kube, environment: dict[str, Any]) -> str:
    label = f"falapp.dev/environment={environment['metadata']['name']}"
    options = ("-n", install.BUILDS, "-l", label, "-c", "dockerfile", "--tail=-1")
    return str(kube.run("logs", *options))


def test_packages_go_on_top_of_what_the_dockerfile_makes(kube, caller, built, word):
    said = caller.post(built["status"]["url"], {})
    assert (said["word"], said["arg"]) == (word, "a b")
    found = environments(kube, built["metadata"]["namespace"])
    [base], [top] = found[True], found[False]
    assert condition(base, "Ready")["reason"] == "Built"
    assert [o["name"] for o in base["metadata"]["ownerReferences"]] == [top["metadata"]["name"]]
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


def test_one_more_line_builds_one_more_layer_for_the_namespace(
    kube, apps, cluster, jobs, built, word
):
    namespace = built["metadata"]["namespace"]
    text = dockerfile(cluster.images.base["3.11"], word, "RUN printf more > /made/more")
    apps.apply(namespace, "more", **asking(text))
    apps.ready(namespace, "more")
    name = next(
        e for e in environments(kube, namespace)[True] if "more" in e["spec"]["dockerfile"]["text"]
    )
    said = log(kube, name)
    assert said.count("Using caching version of cmd: RUN") == 3
    assert said.count("No cached layer found for cmd RUN") == 1


def test_another_list_of_packages_builds_no_dockerfile(kube, apps, cluster, jobs, built, word):
    namespace = built["metadata"]["namespace"]
    before = {e["metadata"]["name"] for e in environments(kube, namespace)[True]}
    text = dockerfile(cluster.images.base["3.11"], word)
    apps.apply(namespace, "other", **asking(text, requirements=["humanize==4.17.0", "six"]))
    apps.ready(namespace, "other")
    assert {e["metadata"]["name"] for e in environments(kube, namespace)[True]} == before
    assert not set(jobs.names) & before


def test_a_command_that_fails_is_named_and_mended(kube, apps, caller, cluster, namespace, word):
    base = cluster.images.base["3.11"]
    apps.apply(namespace, "broken", **asking(dockerfile(base, word, "RUN echo tar: nope; false")))
    app = apps.stalled(namespace, "broken", "DockerfileFailed")
    failure = app["status"]["failure"]
    assert "`RUN echo tar: nope; false` ended with exit status 1" in failure["message"]
    assert "tar: nope" in failure["logTail"]
    # Another namespace's layers are not taken: what was cached there may be anything.
    [environment] = environments(kube, namespace)[True]
    assert "Using caching version" not in log(kube, environment)
    apps.apply(namespace, "broken", **asking(dockerfile(base, word, "RUN true")))
    ready = apps.ready(namespace, "broken")
    assert caller.post(ready["status"]["url"], {})["word"] == word
    mended = next(e for e in environments(kube, namespace)[True] if e["status"].get("image"))
    assert log(kube, mended).count("Using caching version of cmd: RUN") == 3


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
