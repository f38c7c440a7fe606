"""An Environment with credentials: from Secrets, from a FalApp itself, and for its base image."""

import base64

from falapp_operator.api.falapp import FalAppSpec
from falapp_operator.environment import manifest
from tests.unit import samples

CANARY, LITERAL, DOCKER = "canary-1f9c", "canary-77ab", "canary-e3d0"
VALUES = (CANARY, LITERAL, DOCKER)
SECRET_REF = {"name": "GH_TOKEN", "secretKeyRef": {"name": "gh", "key": "token"}}
GIT = "git+https://${GH_TOKEN}@git.example/video/a.git@v1"
INDEX = f"--extra-index-url=https://me:{LITERAL}@index.example/simple"


def app(name="hello", *, requirements=(INDEX, GIT), image=True, **more):
    """Return a FalApp that uses all three kinds of credentials."""
    spec = {"requirements": list(requirements), "requirementSecrets": [SECRET_REF]}
    if image:
        spec["image"] = {"name": "registry.example/torch:1", "pullSecret": "pull"}
    return samples.app(name, **(spec | more))


def spec(**more):
    """Return the spec of the Environment that `app` asks for."""
    asked = FalAppSpec.model_validate(app(**more)["spec"])
    return manifest.spec_of(asked, "3.11", samples.settings())


def secret(name, **data):
    """Return a Secret beside the app; bytes and texts become base64."""
    encoded = {
        key: base64.b64encode(value if isinstance(value, bytes) else value.encode()).decode()
        for key, value in data.items()
    }
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": samples.metadata(name),
        "type": "Opaque",
        "data": encoded,
    }


def secrets():
    """Return the Secrets that `app` names."""
    return [
        secret("gh", token=CANARY),
        secret("pull", **{".dockerconfigjson": DOCKER}),
    ]


def held(made):
    """Return the texts in a Secret."""
    return {key: base64.b64decode(value).decode() for key, value in made["data"].items()}
