"""An Environment is called by its key, and written in one spelling; and what a FalApp makes is."""

import pytest

from falapp_operator.api.falapp import FalAppSpec, KeyRef, RequirementSecret
from falapp_operator.environment import key as keys
from falapp_operator.environment import manifest
from falapp_operator.reconcile import identity
from falapp_operator.reconcile.context import ENVIRONMENT
from falapp_operator.reconcile.queue import Key
from tests.unit import samples
from tests.unit.reconcile import private

SETTINGS = samples.settings()


def complaint(spec, name=None, namespace="video"):
    name = name or keys.name(spec, namespace)
    error = identity.complaint(Key(ENVIRONMENT, namespace, name), spec, SETTINGS)
    return (error.reason, error.message) if error else None


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"requirements": None},
        {
            "requirements": [
                "Torch_Vision >= 1 ",
                "--pre",
                "--extra-index-url",
                "https://x.example/",
            ]
        },
        {"requirementLayers": [["a"], ["b", "c"]], "requirements": None, "resolver": "pip"},
        private.app()["spec"],
        private.app(requirements=(private.GIT, private.INDEX))["spec"],
    ],
    ids=["plain", "none", "written in other words", "layers", "credentials", "another order"],
)
def test_what_a_falapp_asks_for_is_fine(spec):
    asked = FalAppSpec.model_validate(samples.app_spec(**spec))
    assert complaint(manifest.spec_of(asked, "3.11", SETTINGS)) is None


def test_an_environment_of_another_name_is_told_its_own():
    spec = samples.environment_spec()
    name = keys.name(spec, "video")
    assert complaint(spec, "env-0123456789abcdef") == (
        "InvalidSpec",
        "metadata.name: an Environment's name is made from its spec, and this one's is"
        f" {name}; create it under that name",
    )


def test_a_private_environment_has_another_name_in_each_namespace():
    spec = private.spec()
    assert complaint(spec, keys.name(spec, "audio"), "video") is not None
    assert complaint(spec, keys.name(spec, "audio"), "audio") is None


GIVEN = RequirementSecret(name="A", secret_key_ref=KeyRef(name="a", key="k"))
USING = ("--extra-index-url=https://${A}@x.example/",)


@pytest.mark.parametrize(
    ("spec", "reason", "message"),
    [
        (
            {"layers": (("Requests == 2.0",),)},
            "InvalidSpec",
            "spec.layers: `Requests == 2.0` is spelled `requests==2.0`; write it so, under the"
            " name env-",
        ),
        (
            {"layers": (("--pre", "--index-url", "https://x.example/"),)},
            "InvalidSpec",
            "spec.layers",
        ),
        ({"layers": (("-r", "other.txt"),)}, "InvalidRequirement", "spec.layers: requirement `-r"),
        ({"layers": (USING,)}, "InvalidSpec", "spec.secrets: give the Secret of each ${NAME}"),
        ({"secrets": (GIVEN,)}, "InvalidSpec", "spec.secrets: give the Secret of each ${NAME}"),
        (
            {"base_image": "registry.example:5000/environments:env-1"},
            "InvalidSpec",
            "spec.baseImage: registry.example:5000/environments:env-1 is an environment",
        ),
    ],
)
def test_what_no_falapp_would_ask_for_is_refused(spec, reason, message):
    found = complaint(samples.environment_spec(**spec))
    assert found is not None
    assert found[0] == reason
    assert found[1].startswith(message)
    used = {"layers": (USING,), "secrets": (GIVEN,)}
    assert complaint(samples.environment_spec(**used)) is None


async def test_a_literal_credential_is_refused_and_not_repeated(world):
    """An Environment may be read by more people than a FalApp's author has in mind."""
    spec = samples.environment_spec(layers=(("--extra-index-url=https://me:s3cr3t@x.example/",),))
    obj = samples.environment(spec)
    name = obj["metadata"]["name"]
    world.cluster.put(obj)
    assert await world.reconcile_environment(name) == [f"status Environment {name}"]
    status = world.status(ENVIRONMENT)
    assert status["conditions"]["Stalled"]["reason"] == "InvalidSpec"
    assert "s3cr3t" not in str(status)
    assert await world.reconcile_environment(name) == []
    assert world.registry.asked == []
