"""A new operator over many apps of which nothing has changed: how long until it has seen them."""

import pytest

from tests.bench.record import Pair, record
from tests.cluster import versions
from tests.faults import many

FEW, MANY = 200, 1000


@pytest.mark.bench
async def test_restart(faulty):
    """Five times as many apps take no more than six times as long, and no write."""
    seen = {}
    for count in (FEW, MANY):
        apps = await many.served(faulty, count)
        seen[count] = await many.restarted(faulty)
        assert seen[count].looked_at == apps
        assert seen[count].writes == []
        print(seen[count].told())
    record(
        "operator",
        "restart",
        [Pair(value=seen[MANY].seconds, baseline=seen[FEW].seconds)],
        unit="s",
        goal=6.0,
        versions={"kubernetes": versions.KUBERNETES},
        details={
            str(count): {"requests": one.requests, "megabytes": round(one.megabytes)}
            for count, one in seen.items()
        },
    )
