from tests.kube import writes

LOG = """\
2026-11-30 21:00:00,000 DEBUG PATCH /apis/falapp.dev/v1alpha1/namespaces/mine/falapps/x/status: 200
2026-11-30 21:00:00,001 DEBUG POST /api/v1/namespaces/mine/events: 201
2026-11-30 21:00:00,002 DEBUG PATCH /apis/falapp.dev/v1alpha1/namespaces/other/falapps/mine: 409
2026-11-30 21:00:00,003 INFO FalApp mine/x: PATCH /api/v1/namespaces/mine/pods: 200
"""


def test_writes_are_counted_by_the_namespace_that_they_are_in():
    status = "/apis/falapp.dev/v1alpha1/namespaces/mine/falapps/x/status"
    assert writes.written(LOG, "mine") == [status, "/api/v1/namespaces/mine/events"]
    assert writes.written(LOG, "elsewhere") == []
