"""Nothing has changed, so a new operator writes nothing, however many apps there are."""

from tests.faults import many

APPS = 100


async def test_a_restart_with_many_apps_writes_nothing(faulty):
    apps = await many.served(faulty, APPS)
    restarted = await many.restarted(faulty)
    assert restarted.looked_at == apps
    assert restarted.writes == []
    print(restarted.told())
