"""Credentials on their way into a build: read when it starts, given to its Job, shown nowhere."""

import base64
import json
import logging
from urllib.parse import quote

import pytest

from falapp_operator import errors
from falapp_operator.api.objects import owner_reference
from falapp_operator.environment import key as keys
from falapp_operator.reconcile.context import ENVIRONMENT, FALAPP
from tests.unit import samples, workloads
from tests.unit.reconcile import private

NAME = keys.name(private.spec(), samples.NAMESPACE)
FORBIDDEN = errors.ForbiddenError("GET x: 403 see the API server's log")


@pytest.fixture
async def asked(world):
    """An app with credentials that has asked for its Environment; no Secret is there yet."""
    world.cluster.put(private.app())
    await world.reconcile_app()
    return world


def failure(world):
    """Return the message that an Environment shows while it waits for a Secret."""
    status = world.status(ENVIRONMENT)
    assert status["conditions"]["Ready"]["reason"] == "SecretNotFound"
    assert status["conditions"]["Stalled"]["status"] == "True"
    assert world.cluster.find("Job") is None
    return status["failure"]["message"]


async def test_the_job_gets_the_values_before_its_request(asked):
    for secret in private.secrets():
        asked.cluster.put(secret)
    written = await asked.reconcile_environment()
    assert written == [
        f"delete Secret {NAME}",
        f"delete Secret {NAME}-pull",
        f"create Job {NAME}",
        f"apply Secret {NAME}",
        f"apply Secret {NAME}-pull",
        f"apply ConfigMap {NAME}",
        f"status Environment {NAME}",
    ]
    job, given = asked.cluster.find("Job"), asked.cluster.find("Secret", NAME)
    assert private.held(given) == {
        "FALAPP_CREDENTIAL_1": f"me:{private.LITERAL}",
        "GH_TOKEN": private.CANARY,
    }
    pull = asked.cluster.find("Secret", f"{NAME}-pull")
    assert pull["type"] == "kubernetes.io/dockerconfigjson"
    assert private.held(pull) == {".dockerconfigjson": private.DOCKER}
    for made in (given, pull):
        assert made["metadata"]["ownerReferences"] == [owner_reference(job, controller=False)]
        assert made["metadata"]["namespace"] == samples.BUILDS
        assert "annotations" not in made["metadata"], "a hash of a short secret tells it"
    assert await asked.reconcile_environment() == []
    asked.cluster.remove("Job")
    assert asked.cluster.names("Secret") == ["gh", "pull"], "they go with the Job"


async def test_only_what_the_spec_names_is_read(asked):
    for secret in private.secrets():
        asked.cluster.put(secret)
    asked.cluster.reads.clear()
    await asked.reconcile_environment()
    assert asked.cluster.reads["get Secret"] == 2
    assert asked.cluster.reads["list Secret"] == 0
    await asked.reconcile_environment()
    assert asked.cluster.reads["get Secret"] == 2, "read when the build starts, and then never"


async def test_no_value_is_anywhere_but_in_the_secrets_of_the_job(asked, caplog):
    caplog.set_level(logging.DEBUG)
    for secret in private.secrets():
        asked.cluster.put(secret)
    await asked.reconcile_environment()
    await asked.reconcile_app()
    texts = [caplog.text, *asked.cluster.writes]
    texts += [
        json.dumps(obj)
        for where, obj in asked.cluster.objects.items()
        if where.kind not in ("Secret", FALAPP)
    ]
    texts.append(json.dumps(asked.cluster.find(FALAPP)["status"]))
    for value in private.VALUES:
        for shape in (value, quote(value, safe=""), base64.b64encode(value.encode()).decode()):
            assert not any(shape in text for text in texts)


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        (
            "gh",
            "requirementSecrets: ${GH_TOKEN}: there is no Secret 'gh' in namespace video; create it"
            " and the build starts by itself",
        ),
        (
            "pull",
            "image.pullSecret: there is no Secret 'pull' in namespace video; create it and the"
            " build starts by itself",
        ),
    ],
)
async def test_a_missing_secret_is_waited_for(asked, missing, message):
    for secret in private.secrets():
        if secret["metadata"]["name"] != missing:
            asked.cluster.put(secret)
    assert await asked.reconcile_environment() == [f"status Environment {NAME}"]
    assert failure(asked) == message
    pauses = []
    for _ in range(6):
        pauses.append(asked.again)
        asked.wait(asked.again)
        assert await asked.reconcile_environment() == []
    assert pauses == [10, 10, 20, 40, 80, 160]
    asked.wait(3600)
    assert await asked.reconcile_environment() == []
    assert asked.again == 300
    await asked.reconcile_app()
    assert asked.status()["conditions"]["Stalled"]["reason"] == "SecretNotFound"

    asked.cluster.put(next(s for s in private.secrets() if s["metadata"]["name"] == missing))
    assert f"create Job {NAME}" in await asked.reconcile_environment()
    status = asked.status(ENVIRONMENT)
    assert status["conditions"]["Stalled"]["status"] == "False"
    assert status["attempts"] == 1, "waiting is no attempt"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "has no key 'token'; add it and"),
        ({"other": "x"}, "has no key 'token'; add it and"),
        ({"token": ""}, "the value at key 'token' is empty"),
        ({"token": "\n"}, "the value at key 'token' is empty"),
        ({"token": f"{private.CANARY} x"}, "the value at key 'token' holds a space"),
        ({"token": f"{private.CANARY}\nx"}, "the value at key 'token' holds a space"),
        ({"token": b"\xff\xfe" + private.CANARY.encode()}, "the value at key 'token' is not text"),
    ],
)
async def test_a_value_that_cannot_be_used_is_named_and_not_shown(asked, data, message):
    for secret in (*private.secrets(), private.secret("gh", **data)):
        asked.cluster.put(secret)
    await asked.reconcile_environment()
    assert "Secret 'gh' in namespace video" in failure(asked)
    assert message in failure(asked)
    assert private.CANARY not in json.dumps(asked.cluster.find(ENVIRONMENT))
    assert await asked.reconcile_environment() == []


async def test_the_line_break_that_files_end_with_is_no_part_of_a_token(asked):
    for secret in (*private.secrets(), private.secret("gh", token=f"{private.CANARY}\r\n")):
        asked.cluster.put(secret)
    await asked.reconcile_environment()
    given = asked.cluster.find("Secret", NAME)
    assert private.held(given)["GH_TOKEN"] == private.CANARY


async def test_a_pull_secret_of_another_type_is_told(asked):
    for secret in (*private.secrets(), private.secret("pull", password=private.DOCKER)):
        asked.cluster.put(secret)
    await asked.reconcile_environment()
    assert "has no key '.dockerconfigjson'; create it with kubectl" in failure(asked)


async def test_a_secret_that_may_not_be_read_names_the_value_of_the_chart(asked):
    asked.cluster.trouble["get Secret"] = FORBIDDEN
    assert await asked.reconcile_environment() == [f"status Environment {NAME}"]
    assert failure(asked) == (
        "requirementSecrets: ${GH_TOKEN}: the operator may not read Secret 'gh' in namespace video;"
        " add video to requirementSecrets.namespaces of the operator's chart"
    )
    assert await asked.reconcile_environment() == []
    del asked.cluster.trouble["get Secret"]
    for secret in private.secrets():
        asked.cluster.put(secret)
    asked.wait(asked.again)
    assert f"create Job {NAME}" in await asked.reconcile_environment()


async def test_an_api_server_in_trouble_is_no_missing_secret(asked):
    asked.cluster.trouble["get Secret"] = errors.TransientError("no answer")
    with pytest.raises(errors.TransientError):
        await asked.reconcile_environment()
    assert "status" not in asked.cluster.find(ENVIRONMENT)


class TestWhatAJobLacks:
    @pytest.fixture
    async def started(self, asked):
        """A Job whose pass ended before it had got anything."""
        for secret in private.secrets():
            asked.cluster.put(secret)
        asked.cluster.trouble["apply Secret"] = errors.TransientError("no answer")
        with pytest.raises(errors.TransientError):
            await asked.reconcile_environment()
        del asked.cluster.trouble["apply Secret"]
        assert asked.cluster.find("Job") is not None
        return asked

    async def test_it_gets_later(self, started):
        written = await started.reconcile_environment()
        assert written[:3] == [
            f"apply Secret {NAME}",
            f"apply Secret {NAME}-pull",
            f"apply ConfigMap {NAME}",
        ]
        assert await started.reconcile_environment() == []

    async def test_a_secret_that_went_meanwhile_ends_the_build(self, started):
        """It would hold the place of others for an hour, waiting for what nobody gives it."""
        started.cluster.remove("Secret", "gh")
        written = await started.reconcile_environment()
        assert written == [f"delete Job {NAME}", f"status Environment {NAME}"]
        assert "there is no Secret 'gh'" in failure(started)
        assert await started.reconcile_environment() == []

    async def test_a_request_of_a_former_job_does_not_count(self, started):
        """The garbage collector may be slower than the next build."""
        await started.reconcile_environment()
        old = started.cluster.find("ConfigMap")
        started.cluster.remove("Job")
        started.cluster.put(old)
        started.cluster.trouble["apply Secret"] = errors.TransientError("no answer")
        with pytest.raises(errors.TransientError):
            await started.reconcile_environment()
        del started.cluster.trouble["apply Secret"]
        written = await started.reconcile_environment()
        assert f"apply Secret {NAME}" in written
        assert f"apply ConfigMap {NAME}" in written
        job = started.cluster.find("Job")
        owners = started.cluster.find("ConfigMap")["metadata"]["ownerReferences"]
        assert job["metadata"]["uid"] in [o["uid"] for o in owners]

    async def test_the_pod_of_the_next_job_never_sees_a_former_request(self, started):
        """It would run with what the former Secrets hold."""
        await started.reconcile_environment()
        old = started.cluster.find("ConfigMap")
        started.cluster.remove("Job")
        started.cluster.put(old)
        written = await started.reconcile_environment()
        assert written[:4] == [
            f"delete ConfigMap {NAME}",
            f"delete Secret {NAME}",
            f"delete Secret {NAME}-pull",
            f"create Job {NAME}",
        ]
        assert written[-2] == f"apply ConfigMap {NAME}"
        assert await started.reconcile_environment() == []

    async def test_what_the_api_server_refuses_is_told(self, started):
        started.cluster.trouble["apply Secret"] = errors.RefusedError(
            "PATCH x: refused with 403", "see the API server's log"
        )
        with pytest.raises(errors.RefusedError):
            await started.reconcile_environment()
        status = started.status(ENVIRONMENT)
        assert status["conditions"]["Ready"]["reason"] == "Refused"


async def test_a_neighbours_request_is_left_alone(world):
    """It names the namespace that asked; two passes would write it in turn for ever."""
    for namespace in ("video", "audio"):
        obj = samples.environment(namespace=namespace)
        obj["metadata"]["uid"] = f"uid-{namespace}"
        world.cluster.put(obj)
    name = keys.name(samples.environment_spec(), "video")
    await world.reconcile_environment(name, "video")
    world.cluster.change("Job", status=workloads.job(name)["status"])
    await world.reconcile_environment(name, "audio")
    for namespace in ("video", "audio"):
        assert await world.reconcile_environment(name, namespace) == []
