"""What the CronJob runs: ``python -m falapp_operator.retention``."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pydantic

from falapp_operator import logs
from falapp_operator.api import model
from falapp_operator.cluster.client import Client
from falapp_operator.cluster.repository import Repository
from falapp_operator.errors import FalappError
from falapp_operator.retention.sweep import Asked, sweep
from falapp_registry.errors import ImageNameError

_DURATION = pydantic.TypeAdapter(model.Duration)


def main(arguments: Sequence[str] | None = None) -> None:
    """Clean the registry once, or end with one sentence that says why not."""
    given = _read(arguments)
    logs.configure("info")
    try:
        asyncio.run(_run(given))
    except (FalappError, ImageNameError) as error:
        sys.exit(f"falapp-retention: {error}")


async def _run(given: argparse.Namespace) -> None:
    repository = Repository.connect(
        given.repository,
        insecure=given.insecure,
        credentials=given.credentials,
        custom_ca=given.custom_ca,
    )
    asked = Asked(
        after=timedelta(seconds=given.after), namespace=given.namespace, name=given.config_map
    )
    try:
        cluster = await Client.connect()
        try:
            await sweep(cluster, repository, asked, datetime.now(UTC).replace(microsecond=0))
        finally:
            await cluster.close()
    finally:
        await repository.close()


def _read(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m falapp_operator.retention")
    parser.add_argument("--repository", required=True)
    parser.add_argument("--insecure", action="store_true", help="the registry speaks plain HTTP")
    parser.add_argument("--after", required=True, type=_seconds, help="as 720h")
    parser.add_argument("--namespace", required=True, help="where --config-map is")
    parser.add_argument("--config-map", required=True, help="remembers what is unused")
    parser.add_argument("--credentials", type=Path, help="a Docker configuration")
    parser.add_argument("--custom-ca", type=Path, help="more certificates to trust, if it exists")
    return parser.parse_args(arguments)


def _seconds(text: str) -> int:
    try:
        return model.seconds(_DURATION.validate_python(text))
    except pydantic.ValidationError:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration: write 720h") from None


if __name__ == "__main__":
    main()
