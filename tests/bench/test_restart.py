"""A new operator over many apps of which nothing has changed: how long until it has seen them."""

import pytest

from tests.bench.record import Pair, record
from tests.cluster import versions
from tests.faults import many

FEW, MANY, TIMES = 200, 1000, 3


@pytest.mark.bench
async def test_restart(faulty):
    """Five times as many apps take no more than six times as long, and no write."""
    seen: dict[int, list[many.Restarted]] = {}
    for count in (FEW, MANY):
        apps = await many.served(faulty, count)
        seen[count] = [await many.restarted(faulty) for _ in range(TIMES)]
        for one in seen[count]:
            print(one.told())
            assert one.looked_at == apps
            assert one.writes == []
    record(
        "operator",
        "restart",
        [
            Pair(value=of_many.seconds, baseline=of_few.seconds)
            for of_few, of_many in zip(seen[FEW], seen[MANY], strict=True)
        ],
        unit="s",
        goal=6.0,
        versions={"kubernetes": versions.KUBERNETES},
        details={
            str(count): [
                {
                    "writes": len(one.writes),
                    "requests": one.requests,
                    "megabytes": round(one.megabytes),
                }
                for one in restarts
            ]
            for count, restarts in seen.items()
        },
    )
