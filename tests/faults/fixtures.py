"""Fixtures of the rooms that use a control plane of their own; their conftest imports them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import yaml

from tests.faults import controlplane, world
from tests.faults.api import Api, Object
from tests.faults.operators import Operators
from tests.faults.world import APPS, BUILDS, World

CRDS = Path(__file__).parents[2] / "crds"


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[controlplane.Server]:
    """An API server with our kinds, and Kubernetes' controllers."""
    with controlplane.running(tmp_path_factory.mktemp("control-plane")) as made:
        asyncio.run(_prepare(made.server))
        made.control()
        yield made.server


@pytest.fixture(scope="session")
def operators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operators]:
    """Where operator processes come from."""
    made = Operators(tmp_path_factory.mktemp("operators"))
    yield made
    made.close()


@pytest.fixture
async def faulty(control_plane: controlplane.Server, operators: Operators) -> AsyncIterator[World]:
    """An operator that runs, behind a proxy that makes trouble when it is told to."""
    async with world.made(control_plane, operators) as made:
        yield made


async def _prepare(server: controlplane.Server) -> None:
    api = Api(server)
    try:
        kinds = [yaml.safe_load(path.read_text()) for path in sorted(CRDS.glob("*.yaml"))]
        for crd in kinds:
            await api.apply("customresourcedefinitions", crd)
        for name in (APPS, BUILDS):
            namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            await api.apply("namespaces", namespace)
        async with asyncio.timeout(30):
            for crd in kinds:
                while not await _is_served(api, crd):  # noqa: ASYNC110 - no event tells
                    await asyncio.sleep(0.1)
    finally:
        await api.close()


async def _is_served(api: Api, crd: Object) -> bool:
    live = await api.get("customresourcedefinitions", crd["metadata"]["name"])
    conditions = (live or {}).get("status", {}).get("conditions") or ()  # null at first
    return any(c["type"] == "Established" and c["status"] == "True" for c in conditions)
