"""Start the operator: ``python -m falapp_operator``."""

import asyncio
import sys
from typing import Any

import kopf

from falapp_operator import handlers, logs
from falapp_operator.api import meta
from falapp_operator.settings import Settings, SettingsError

LIVENESS = "http://0.0.0.0:8080/healthz"


def main() -> None:
    """Read the settings and work until told to stop."""
    try:
        settings = Settings.load()
    except SettingsError as error:
        sys.exit(f"falapp-operator: {error}")
    logs.configure(settings.log_level)
    registry = kopf.OperatorRegistry()
    handlers.register(registry, handlers.Operator(settings))
    kopf.on.login(registry=registry)(login)
    asyncio.run(
        kopf.operator(
            registry=registry,
            clusterwide=True,
            standalone=True,
            liveness_endpoint=LIVENESS,
            # Else kopf asks who runs it, and the image's user has no name.
            identity=meta.FIELD_MANAGER,  # type: ignore[arg-type]
        )
    )


def login(**kwargs: Any) -> kopf.ConnectionInfo | None:
    """Log kopf in: with the pod's service account, or with the kubeconfig outside a pod."""
    return kopf.login_with_service_account(**kwargs) or kopf.login_with_kubeconfig(**kwargs)


if __name__ == "__main__":
    main()
