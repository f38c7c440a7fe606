"""What the operator may do: enough, no wildcard, and nothing with Secrets."""

import pytest

READ = {"get", "list", "watch"}
APPLY = {"create", "patch"}
WRITE = APPLY | {"delete"}
ALLOWED = {
    ("falapp.dev", "falapps"): READ,
    ("falapp.dev", "falapps/status"): {"patch"},
    ("falapp.dev", "environments"): READ | WRITE,
    ("falapp.dev", "environments/status"): {"patch"},
    ("falapp.dev", "machinetypes"): READ | APPLY,
    ("apps", "deployments"): READ | APPLY,
    ("", "services"): {"get"} | APPLY,
    ("", "configmaps"): {"get", "list"} | WRITE,
    ("", "pods"): READ,
    ("batch", "jobs"): READ,
}
ALLOWED_IN_BUILDS = {("batch", "jobs"): {"create", "delete"}}


def granted(objects, kind):
    (role,) = [o for o in objects if o["kind"] == kind]
    return {
        (group, resource): set(rule["verbs"])
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


@pytest.mark.parametrize(
    ("kind", "allowed"), [("ClusterRole", ALLOWED), ("Role", ALLOWED_IN_BUILDS)]
)
def test_exactly_this_is_allowed(chart, kind, allowed):
    assert granted(chart, kind) == allowed


def test_no_wildcard_and_no_secret(chart):
    rules = [rule for o in chart for rule in o.get("rules", ())]
    assert rules
    for rule in rules:
        assert set(rule) == {"apiGroups", "resources", "verbs"}
        words = [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]
        assert not [word for word in words if "*" in word or "secret" in word]


def test_bindings_bind_the_operators_account_only(chart):
    (account,) = [o["metadata"] for o in chart if o["kind"] == "ServiceAccount"]
    bindings = [o for o in chart if o["kind"].endswith("RoleBinding") or o["kind"] == "RoleBinding"]
    roles = {(o["kind"], o["metadata"]["name"]) for o in chart if "rules" in o}
    assert len(bindings) == 2
    for binding in bindings:
        assert (binding["roleRef"]["kind"], binding["roleRef"]["name"]) in roles
        assert binding["subjects"] == [
            {
                "kind": "ServiceAccount",
                "name": account["name"],
                "namespace": account["namespace"],
            }
        ]


def test_the_role_is_in_the_namespace_of_builds(render):
    for values, namespace in (("minimal", "falapp-builds"), ("full", "builds")):
        found = {
            o["kind"]: o["metadata"]["namespace"]
            for o in render(values)
            if o["kind"] in {"Role", "RoleBinding"}
        }
        assert found == {"Role": namespace, "RoleBinding": namespace}
