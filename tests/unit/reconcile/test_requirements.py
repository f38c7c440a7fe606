"""What a FalApp's requirements tell before anything is built of them."""

import pytest

from falapp_operator.reconcile.context import FALAPP
from tests.unit import samples


@pytest.mark.parametrize("served", [False, True])
async def test_a_requirement_that_cannot_be_used_stalls_without_a_build(world, served):
    if served:
        await world.serve(samples.app())
    before = world.cluster.find("Deployment")
    spec = samples.app_spec(requirements=["requests", "-r", "more.txt"])
    world.cluster.put((world.cluster.find(FALAPP) or samples.app()) | {"spec": spec})
    assert await world.reconcile_app() == ["status FalApp hello"]
    status = world.status()
    for type_ in ("Ready", "Stalled"):
        assert status["conditions"][type_]["reason"] == "InvalidRequirement"
    assert status["failure"]["message"].startswith("spec.requirements: requirement `-r")
    assert status["readyReplicas"] == int(served), "what runs goes on"
    assert world.cluster.find("Deployment") == before
    assert len(world.cluster.names("Environment")) == int(served)
    assert await world.reconcile_app() == []


async def test_a_credential_in_a_requirement_is_warned_of_and_not_shown(world):
    index = "--extra-index-url=https://me:s3cr3t@x.example/simple"
    signed = "pkg @ https://x.example/pkg-1-py3-none-any.whl?X-Amz-Signature=s3cr3t"
    world.cluster.put(samples.app(requirements=[index, "numpy", signed]))
    await world.reconcile_app()
    found = world.status()["conditions"]["CredentialsExposed"]
    assert (found["status"], found["reason"]) == ("True", "LiteralCredentials")
    message = found["message"]
    assert message.startswith("spec.requirements: `--extra-index-url=https://")
    for part in ("x.example/simple`, `pkg @ https://", "kubectl create secret", "-n video"):
        assert part in message
    assert "requirementSecrets, and write ${NAME} in their place" in message
    assert "numpy" not in message
    assert "s3cr3t" not in str(world.status()) + str(world.cluster.find("Environment"))
    assert await world.reconcile_app() == []
    world.cluster.change(FALAPP, spec=samples.app_spec())
    await world.reconcile_app()
    assert "CredentialsExposed" not in world.status()["conditions"]


async def test_of_many_credentials_some_are_named(world):
    urls = [f"a{i} @ https://me:s3cr3t@x.example/a{i}-1-py3-none-any.whl" for i in range(5)]
    world.cluster.put(samples.app(requirements=urls))
    await world.reconcile_app()
    message = world.status()["conditions"]["CredentialsExposed"]["message"]
    assert message.count("x.example") == 3
    assert " and 2 more can be read " in message
