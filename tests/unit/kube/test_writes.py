from tests.kube import writes

METRICS = """\
# TYPE apiserver_request_total counter
{apps}
{got}
{applied}
{refused}
{status}
{tried}
apiserver_request_duration_seconds_count{{group="falapp.dev",resource="falapps",verb="APPLY"}} 9
"""


def line(count, resource="falapps", group="falapp.dev", verb="APPLY", **more):
    labels = {"code": "200", "dry_run": "", "group": group, "resource": resource, "verb": verb}
    written = ",".join(f'{name}="{value}"' for name, value in (labels | more).items())
    return f"apiserver_request_total{{{written}}} {count}"


def test_writes_of_the_operators_objects_are_counted_and_nothing_else():
    text = METRICS.format(
        apps=line(1, "deployments", "apps"),
        got=line(2, verb="GET"),
        applied=line(4),
        refused=line("1.6e+01", code="409"),
        status=line(32, subresource="status"),
        tried=line(64, dry_run="All"),
    )
    assert writes.counted(text) == {("APPLY", "falapps"): 20, ("APPLY", "falapps/status"): 32}
