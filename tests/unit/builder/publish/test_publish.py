import json
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from falapp_builder.network.registry import sha256
from falapp_builder.pod import report
from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.places import Places
from falapp_builder.publish import step
from tests.unit.builder.layouts import (
    ALPHA,
    BASE,
    BETA,
    SOURCE,
    VENV_GROUP,
    Build,
    Group,
    write_layout,
)
from tests.unit.builder.oci import DOCKER, OCI, FakeRegistry, digest_of

Ask = Callable[..., None]
GROUPS = [VENV_GROUP, ALPHA, BETA, SOURCE]
CONTENTS = [*BASE, *(group.content for group in GROUPS)]
SIZE = sum(map(len, CONTENTS))
REPOSITORY = "team/environments"
MANIFESTS = f"PUT /v2/{REPOSITORY}/manifests/"


def published(build: Build) -> dict[str, Any]:
    build.write()
    return result_of(build)


def result_of(build: Build) -> dict[str, Any]:
    step.publish(build.places)
    result: dict[str, Any] = json.loads(build.places.termination.read_text())
    return result


def manifest(build: Build, tag: str = "env-key") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(build.registry.manifests[tag][1])
    return found


def uploaded(build: Build) -> set[bytes]:
    return {build.registry.blobs[digest] for digest in build.registry.blobs} & {
        body for body in build.registry.sent if body
    }


def known(group: Group) -> Group:
    return replace(group, content=b"", known=group.content)


@pytest.mark.parametrize("media_type", [DOCKER, OCI])
def test_what_is_pushed(build: Build, media_type: str) -> None:
    build.media_type = media_type
    result = published(build)
    image = manifest(build)
    assert [layer["digest"] for layer in image["layers"]] == list(map(digest_of, CONTENTS))
    assert image["annotations"] == {
        "falapp.dev/environment": "env-1",
        "falapp.dev/packages": "3",
        "falapp.dev/size": str(SIZE),
        "falapp.dev/lock": "lock-env-key",
    }
    groups = [group.content for group in GROUPS]
    others = uploaded(build) - set(groups)
    assert set(groups) <= uploaded(build)
    assert not set(BASE) & uploaded(build), "the base's layers are mounted"
    assert result.pop("seconds") >= 0
    documents = {raw for _, raw in build.registry.manifests.values()}
    assert result == {
        "digest": sha256(build.registry.manifests["env-key"][1]),
        "packages": 3,
        "layersReused": 0,
        "layersBuilt": 4,
        "bytes": sum(map(len, {*groups, *(others - documents)})),
        "size": SIZE,
    }


def test_the_images_tag_comes_last_and_its_lock_before_it(build: Build) -> None:
    published(build)
    puts = [line.removeprefix(MANIFESTS) for line in build.registry.log if MANIFESTS in line]
    assert puts == [*(group.tag for group in GROUPS), "lock-env-key", "env-key"]
    assert build.registry.log[-1] == f"{MANIFESTS}env-key"


def test_each_new_group_has_a_tag(build: Build) -> None:
    published(build)
    for group in GROUPS:
        found = manifest(build, group.tag)
        assert [layer["digest"] for layer in found["layers"]] == [digest_of(group.content)]


def test_the_lock_and_the_bill_go_with_the_image(build: Build) -> None:
    result = published(build)
    records = manifest(build, "lock-env-key")
    assert records["subject"]["digest"] == result["digest"]
    told = {
        layer["mediaType"]: build.registry.blobs[layer["digest"]] for layer in records["layers"]
    }
    lock = tomllib.loads(told["application/vnd.falapp.pylock.v1+toml"].decode())
    assert [package["name"] for package in lock["packages"]] == ["alpha", "beta", "gamma"]
    bill = json.loads(told["application/vnd.cyclonedx+json"])
    assert [component["name"] for component in bill["components"]] == ["alpha", "beta", "gamma"]


def test_only_what_is_new_is_uploaded(build: Build) -> None:
    build.groups = [known(VENV_GROUP), known(ALPHA), BETA]
    result = published(build)
    assert (result["layersReused"], result["layersBuilt"]) == (2, 1)
    assert BETA.content in uploaded(build)
    assert not {VENV_GROUP.content, ALPHA.content, *BASE} & uploaded(build)
    tags = {tag for tag in build.registry.manifests if tag.startswith("layer-")}
    assert tags == {BETA.tag}, "what was there keeps the tag that it has"


def test_twice_the_same_is_the_same_image(build: Build) -> None:
    first = published(build)
    build.registry.log.clear()
    again = result_of(build)
    assert (again["digest"], again["bytes"]) == (first["digest"], 0)
    assert not [line for line in build.registry.log if line.startswith("POST")]


def test_a_group_that_others_built_gives_the_same_image(build: Build) -> None:
    first = published(build)
    build.groups = [known(group) for group in GROUPS]
    again = published(build)
    assert again["digest"] == first["digest"]
    assert (again["layersReused"], again["layersBuilt"]) == (4, 0)


@pytest.fixture
def origin() -> Iterator[FakeRegistry]:
    with FakeRegistry() as started:
        yield started


def test_a_base_of_another_registry_is_copied(build: Build, origin: FakeRegistry) -> None:
    build.origin = origin
    first = published(build)
    assert set(BASE) <= uploaded(build)
    assert not [line for line in build.registry.log if "mount=" in line]
    build.registry.sent.clear()
    again = published(build)
    assert not set(BASE) & uploaded(build)
    assert again["digest"] == first["digest"]


def test_a_base_that_cannot_be_mounted_is_copied(build: Build) -> None:
    build.registry.mounts = False
    published(build)
    assert set(BASE) <= uploaded(build)


def test_a_shared_layer_is_never_taken_from_where_code_ran(build: Build) -> None:
    build.write()
    forged = [(VENV_GROUP.step[0], b"forged venv"), (ALPHA.step[0], b"forged"), SOURCE.step]
    write_layout(build.places.sources_layout, forged)
    step.publish(build.places)
    digests = [layer["digest"] for layer in manifest(build)["layers"]]
    assert digests == list(map(digest_of, CONTENTS))
    assert not {b"forged", b"forged venv"} & set(build.registry.blobs.values())


@pytest.mark.parametrize("group", [VENV_GROUP, ALPHA])
def test_a_shared_layer_that_only_the_sources_offer_is_none(build: Build, group: Group) -> None:
    build.write()
    steps = [g.step for g in (VENV_GROUP, ALPHA, BETA) if g is not group]
    write_layout(build.places.wheels_layout, steps)
    write_layout(build.places.sources_layout, [group.step, SOURCE.step])
    with pytest.raises(Failure, match=r"no layer was made for .*: the step wheels changed no file"):
        step.publish(build.places)
    assert build.registry.log == []


def test_the_sources_that_only_the_wheels_offer_are_none(build: Build) -> None:
    build.write()
    write_layout(build.places.wheels_layout, [g.step for g in GROUPS])
    write_layout(build.places.sources_layout, [VENV_GROUP.step])
    with pytest.raises(Failure, match="no layer was made for gamma: the step sources") as caught:
        step.publish(build.places)
    assert caught.value.reason is Reason.BUILD_FAILED


def test_a_layout_that_is_not_needed_is_not_read(build: Build) -> None:
    build.groups = [known(VENV_GROUP), known(ALPHA), SOURCE]
    build.write()
    (build.places.wheels_layout / "index.json").write_text("")
    step.publish(build.places)
    assert "env-key" in build.registry.manifests


def test_who_knows_only_the_digest_of_anothers_layer_does_not_get_it(build: Build) -> None:
    secret = b"other"  # as long as the real one
    build.registry.hold(secret)
    assert len(secret) == len(SOURCE.content)

    def claim(manifest: dict[str, Any], _: dict[str, Any]) -> None:
        manifest["layers"][-1]["digest"] = digest_of(secret)

    build.write()
    folder = build.places.sources_layout
    write_layout(folder, [VENV_GROUP.step, SOURCE.step], change=claim)
    name = digest_of(secret).removeprefix("sha256:")
    (folder / "blobs/sha256" / name).write_bytes(SOURCE.content)
    with pytest.raises(Failure, match=r"is not sha256:.* as it claims to be"):
        step.publish(build.places)
    assert "env-key" not in build.registry.manifests


def test_a_known_layer_that_went_away(build: Build) -> None:
    build.groups = [known(VENV_GROUP), BETA]
    build.write()
    del build.registry.blobs[digest_of(VENV_GROUP.content)]
    with pytest.raises(Failure, match="has lost the layer") as caught:
        step.publish(build.places)
    assert caught.value.reason is Reason.REGISTRY_UNREACHABLE
    assert "env-key" not in build.registry.manifests


@pytest.mark.parametrize(
    ("fault", "reason", "part"),
    [
        (f"{MANIFESTS}env-key", "PushDenied", "403 DENIED; we came without a login"),
        (f"{MANIFESTS}lock-env-key", "PushDenied", "403 DENIED"),
        (f"{MANIFESTS}layer-", "PushDenied", "403 DENIED"),
        ("PUT uploads", "PushDenied", "refused to take sha256:"),
        ("HEAD", "PushDenied", "refused to look for sha256:"),
    ],
)
def test_a_push_that_fails_leaves_no_image(
    build: Build, fault: str, reason: str, part: str
) -> None:
    build.write()
    build.registry.faults[fault] = [403] * 9
    places = build.places
    assert report.guarded(lambda: step.publish(places), places.termination) == 1
    data = json.loads(places.termination.read_text())
    assert data["reason"] == reason
    assert part in data["message"]
    assert "env-key" not in build.registry.manifests
    build.registry.faults.clear()
    step.publish(places)
    assert "env-key" in build.registry.manifests, "what was left does no harm"


def test_nothing_of_a_login_is_pushed(build: Build, capsys: pytest.CaptureFixture[str]) -> None:
    registry, places = build.registry, build.places
    registry.login = "CANARYuser:CANARYpassword"
    content = {"auths": {registry.host: {"username": "CANARYuser", "password": "CANARYpassword"}}}
    for path in (places.push, places.pull, places.registry):
        path.write_text(json.dumps(content))
    places.secrets.mkdir()
    (places.secrets / "TOKEN").write_text("CANARYsecret")
    published(build)
    assert registry.tokens
    told = [*registry.sent, *registry.blobs.values(), *map(str.encode, registry.log)]
    told += [raw for _, raw in registry.manifests.values()]
    told += [places.termination.read_bytes(), capsys.readouterr().out.encode()]
    assert not [text for text in told if b"CANARY" in text or b"Q0FOQVJZ" in text]


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"base": {}, "groups": [], "python": 1}'])
def test_a_plan_that_cannot_be_read(build: Build, content: str) -> None:
    build.write()
    build.places.plan_file.write_text(content)
    with pytest.raises(Failure, match="the steps of the build differ") as caught:
        step.publish(build.places)
    assert caught.value.reason is Reason.BUILD_FAILED


def test_no_plan(places: Places, ask: Ask) -> None:
    ask()
    with pytest.raises(Failure, match="the steps of the build differ"):
        step.publish(places)
