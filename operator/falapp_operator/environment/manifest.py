"""The Environment object of an app: its spec from the app's, and who owns it."""

from collections.abc import Iterable

from falapp_operator.api import meta
from falapp_operator.api.environment import EnvironmentSpec
from falapp_operator.api.falapp import FalAppSpec
from falapp_operator.api.objects import Object
from falapp_operator.environment import key
from falapp_operator.settings import Settings


def spec_of(app: FalAppSpec, python: str, settings: Settings) -> EnvironmentSpec:
    """Return the spec of the environment that ``app`` needs, on Python version ``python``."""
    return EnvironmentSpec(
        base_image=settings.pythons[python].base_image,
        python_version=python,
        layers=app.layers,
    )


def environment(spec: EnvironmentSpec, namespace: str, owners: Iterable[Object]) -> Object:
    """Return the Environment of ``spec``; it goes when the last of its owners does."""
    return {
        "apiVersion": meta.API_VERSION,
        "kind": "Environment",
        "metadata": {
            "name": key.name(spec),
            "namespace": namespace,
            "labels": {meta.LABEL_MANAGED_BY: meta.MANAGED_BY},
            "ownerReferences": list(owners),
        },
        "spec": spec.to_object(),
    }
