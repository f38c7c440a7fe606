"""Start the operator: ``python -m falapp_operator``."""

import asyncio
import sys
from typing import Any

import kopf

from falapp_operator import handlers, health, logs
from falapp_operator.api import meta
from falapp_operator.settings import Settings, SettingsError
from falapp_operator.watches import Watches


def main() -> None:
    """Read the settings and work until told to stop."""
    try:
        settings = Settings.load()
    except SettingsError as error:
        sys.exit(f"falapp-operator: {error}")
    logs.configure(settings.log_level)
    asyncio.run(run(settings))


async def run(settings: Settings) -> None:
    """Watch, work and answer probes until told to stop."""
    operator, watches = handlers.Operator(settings), Watches(handlers.WATCHED)
    registry = kopf.OperatorRegistry()
    handlers.register(registry, operator)

    @kopf.on.login(registry=registry)
    async def login(**kwargs: Any) -> kopf.AiohttpSession | None:
        """Log in with the pod's service account, or with the kubeconfig outside a pod."""
        found = kopf.login_with_service_account(**kwargs) or kopf.login_with_kubeconfig(**kwargs)
        return watches.session(found) if found else None

    async with health.served(health.Health(operator, watches), settings.health_port):
        await kopf.operator(
            registry=registry,
            clusterwide=True,
            standalone=True,
            # Else kopf asks who runs it, and the image's user has no name.
            identity=meta.FIELD_MANAGER,  # type: ignore[arg-type]
        )


if __name__ == "__main__":
    main()
