import pytest

from falapp_operator.api import meta
from falapp_operator.api.conditions import Reason
from falapp_operator.api.environment import EnvironmentSpec
from falapp_operator.api.falapp import FalAppSpec
from falapp_operator.environment import key, manifest
from falapp_operator.errors import UserError
from tests.unit import samples

TOKEN = {"name": "TOKEN", "secretKeyRef": {"name": "git", "key": "token"}}
INDEX = {"name": "INDEX", "secretKeyRef": {"name": "index", "key": "url"}}
LITERAL = "git+https://oauth2:hunter2@git.example/x"


def app(**fields):
    return FalAppSpec.model_validate(samples.app_spec(**fields))


def spec(**fields):
    return manifest.spec_of(app(**fields), "3.11", samples.settings())


@pytest.mark.parametrize(
    ("fields", "made"),
    [
        ({}, {"layers": (("requests==2.32.3",),)}),
        ({"requirements": None}, {"layers": ()}),
        ({"requirements": ["Requests == 2.32.3"]}, {"layers": (("requests==2.32.3",),)}),
        ({"resolver": "uv"}, {"resolver": "uv"}),
        ({"resolver": "pip"}, {"resolver": "pip"}),
        ({"requirementSecrets": [TOKEN]}, {"secrets": ()}),
        ({"image": {"name": "me/base:1"}}, {"base_image": "me/base:1", "pull_secret": None}),
        ({"image": {"name": "b:1", "pullSecret": "b"}}, {"base_image": "b:1", "pull_secret": "b"}),
    ],
    ids=str,
)
def test_the_spec_is_what_the_app_asks_for(fields, made):
    assert spec(**fields) == samples.environment_spec(**made)


def test_of_the_secrets_those_that_are_used_are_named_in_order():
    items = ["git+https://${TOKEN}@git.example/x", "--extra-index-url=${INDEX}"]
    unused = TOKEN | {"name": "UNUSED"}
    made = spec(requirements=items, requirementSecrets=[TOKEN, unused, INDEX])
    assert [s.to_object() for s in made.secrets] == [INDEX, TOKEN]
    assert manifest.variables(made.layers) == ("TOKEN", "INDEX")


def test_a_literal_credential_gets_a_name_and_stands_nowhere_else():
    asking = app(requirements=["click", LITERAL])
    made = manifest.spec_of(asking, "3.11", samples.settings())
    assert manifest.variables(made.layers) == ("FALAPP_CREDENTIAL_1",)
    assert made.secrets == ()
    assert "hunter2" not in made.model_dump_json()
    assert "hunter2" in manifest.credentials_of(asking)["FALAPP_CREDENTIAL_1"]
    (item,) = manifest.exposed_by(asking)
    assert "git.example" in item
    assert "hunter2" not in item


def test_an_app_without_credentials_exposes_none():
    asking = app(requirements=["git+https://${TOKEN}@git.example/x"], requirementSecrets=[TOKEN])
    assert manifest.credentials_of(asking) == {}
    assert manifest.exposed_by(asking) == ()


@pytest.mark.parametrize(
    ("fields", "reason", "says"),
    [
        (
            {"requirements": ["-r", "requirements.txt"]},
            Reason.INVALID_REQUIREMENT,
            "spec.requirements: requirement `-r`",
        ),
        (
            {"requirements": None, "requirementLayers": [["numpy"], ["./wheel.whl"]]},
            Reason.INVALID_REQUIREMENT,
            "spec.requirementLayers: requirement `./wheel.whl` is a path",
        ),
        (
            {"requirements": ["git+https://${TOKEN}@git.example/x"], "requirementSecrets": [INDEX]},
            Reason.INVALID_REQUIREMENT,
            "spec.requirementSecrets: ${TOKEN} stands in a requirement, and nothing says what it",
        ),
        (
            {"requirements": ["git+https://${FALAPP_CREDENTIAL_1}@git.example/x"]},
            Reason.INVALID_REQUIREMENT,
            "names that begin with FALAPP_ are the operator's",
        ),
        (
            {"image": {"name": "base:one:two"}},
            Reason.INVALID_SPEC,
            "spec.image.name: 'base:one:two' names no image: write registry.example/repository",
        ),
        *(
            ({"image": {"name": name}}, Reason.INVALID_SPEC, f"spec.image.name: {name} is an env")
            for name in (
                "registry.example:5000/environments",
                "registry.example:5000/environments:env-0123",
                f"REGISTRY.example:5000/environments:env-0123@{samples.DIGEST}",
            )
        ),
    ],
    ids=str,
)
def test_what_cannot_be_used_is_told_with_its_field(fields, reason, says):
    with pytest.raises(UserError) as error:
        spec(**fields)
    assert error.value.reason == reason
    assert says in error.value.message
    assert "\n" not in error.value.message


@pytest.mark.parametrize(
    ("repository", "image"),
    [
        ("registry.example/environments", "registry.example/environments:1"),
        ("registry.example/environments", "registry.example:443/environments"),
        ("registry.example:443/environments", "registry.example/environments"),
        ("docker.io/acme/environments", "acme/environments:env-0123"),
        ("docker.io/acme/environments", "index.docker.io/acme/environments"),
    ],
)
def test_an_environment_is_no_base_in_any_spelling(repository, image):
    settings = samples.settings(registry={"repository": repository})
    with pytest.raises(UserError, match="is an environment"):
        manifest.spec_of(app(image={"name": image}), "3.11", settings)


@pytest.mark.parametrize("image", ["registry.example:5000/environments-of-mine:1", "environments"])
def test_an_image_of_a_like_name_is_a_base(image):
    assert spec(image={"name": image}).base_image == image


def test_longest_items_fit():
    """What the API server takes from a FalApp, it takes in the Environment, too."""
    path = "x" * (2048 - len("git+https://a@git.example/"))
    made = spec(requirements=[f"git+https://a@git.example/{path}"] * 256)
    assert EnvironmentSpec.model_validate(made.to_object()) == made


def test_an_environment_is_called_by_its_key_and_owned():
    owners = [{"uid": "1"}]
    made = manifest.environment(spec(), "video", owners)
    assert made["metadata"] == {
        "name": key.name(spec(), "video"),
        "namespace": "video",
        "labels": {meta.LABEL_MANAGED_BY: meta.MANAGED_BY},
        "ownerReferences": owners,
    }
    assert EnvironmentSpec.model_validate(made["spec"]) == spec()
