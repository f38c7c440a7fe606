"""What the operator may do: enough, no wildcard, and with Secrets only what was asked for."""

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
    ("falapp.dev", "machinetypes/status"): {"patch"},
    ("", "nodes"): {"list", "watch"},
    ("apps", "deployments"): READ | APPLY,
    ("apps", "deployments/scale"): {"patch"},
    ("apps", "replicasets"): {"list"},
    ("", "services"): {"get"} | APPLY,
    ("policy", "poddisruptionbudgets"): {"get"} | WRITE,
    ("", "configmaps"): {"get", "list"} | WRITE,
    ("", "pods"): {"list", "watch", "delete"},
    ("", "events"): {"create"},
    ("batch", "jobs"): READ,
}
ALLOWED_IN_BUILDS = {
    ("batch", "jobs"): {"create", "delete"},
    ("", "secrets"): APPLY | {"delete"},
}
ALLOWED_TO_RETENTION = {
    ("falapp.dev", "environments"): {"list"},
    ("", "pods"): {"list"},
    ("apps", "deployments"): {"list"},
    ("apps", "replicasets"): {"list"},
}
RETENTION = "falapp-operator-retention"
"""The name of what lets the registry's cleaning see what is used."""
LEASE = "falapp-operator-lease"
ALLOWED_FOR_THE_LEASE = {
    ("coordination.k8s.io", "leases"): {"create"},
    ("coordination.k8s.io", "leases", "falapp-operator"): {"get", "patch"},
}
VIEW, EDIT = "falapp-view", "falapp-edit"
"""The names of what users get by the cluster's own roles."""
ALLOWED_TO_USERS = {
    ("ClusterRole", VIEW, ""): {
        ("falapp.dev", "falapps"): READ,
        ("falapp.dev", "environments"): READ,
        ("falapp.dev", "machinetypes"): READ,
    },
    ("ClusterRole", EDIT, ""): {
        ("falapp.dev", "falapps"): WRITE | {"update"},
        ("falapp.dev", "environments"): WRITE | {"update"},
        ("falapp.dev", "falapps/scale"): {"get", "update", "patch"},
    },
}
SECRETS = "falapp-operator-secrets"
"""The name of what lets the operator read Secrets of apps."""


def roles(objects):
    """Return what each role grants, by kind, name and namespace."""
    return {
        (o["kind"], o["metadata"]["name"], o["metadata"].get("namespace", "")): granted(o)
        for o in objects
        if "rules" in o
    }


def granted(role):
    return {
        (group, resource, *rule.get("resourceNames", ())): set(rule["verbs"])
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


READS_SECRETS = {("", "secrets"): {"get"}}


@pytest.mark.parametrize(
    ("values", "arguments", "builds", "more"),
    [
        ("minimal", [], "falapp-builds", ALLOWED_TO_USERS),
        (
            "full",
            [],
            "builds",
            {("Role", SECRETS, space): READS_SECRETS for space in ("video", "audio")}
            | {
                ("ClusterRole", RETENTION, ""): ALLOWED_TO_RETENTION,
                ("Role", RETENTION, "builds"): {
                    ("", "configmaps", RETENTION): {"get", "patch"},
                    ("", "configmaps"): {"create"},
                },
            },
        ),
        (
            "minimal",
            ["--set=requirementSecrets.namespaces={*}"],
            "falapp-builds",
            {("ClusterRole", SECRETS, ""): READS_SECRETS} | ALLOWED_TO_USERS,
        ),
    ],
    ids=["no Secret", "listed namespaces", "every namespace"],
)
def test_exactly_this_is_allowed(render, values, arguments, builds, more):
    assert roles(render(values, *arguments)) == {
        ("ClusterRole", "falapp-operator", ""): ALLOWED,
        ("Role", "falapp-operator-builds", builds): ALLOWED_IN_BUILDS,
        ("Role", LEASE, "falapp-system"): ALLOWED_FOR_THE_LEASE,
        **more,
    }


def test_of_leases_the_operator_reads_and_writes_its_own_alone(chart):
    (role,) = [o for o in chart if o["kind"] == "Role" and o["metadata"]["name"] == LEASE]
    (deployment,) = [o for o in chart if o["kind"] == "Deployment"]
    by_name = {tuple(rule.get("resourceNames", ())): rule["verbs"] for rule in role["rules"]}
    assert by_name == {(): ["create"], (deployment["metadata"]["name"],): ["get", "patch"]}


@pytest.mark.parametrize("namespaces", ["video,audio", "*", "video,*"])
def test_every_namespace_makes_the_others_needless(render, namespaces):
    found = roles(render("minimal", f"--set=requirementSecrets.namespaces={{{namespaces}}}"))
    reading = {kind for kind, name, _ in found if name == SECRETS}
    assert reading == {"ClusterRole" if "*" in namespaces else "Role"}


def test_no_wildcard(chart):
    rules = [rule for o in chart for rule in o.get("rules", ())]
    assert rules
    for rule in rules:
        assert set(rule) - {"resourceNames"} == {"apiGroups", "resources", "verbs"}
        words = [word for listed in rule.values() for word in listed]
        assert not [word for word in words if "*" in word]


@pytest.mark.parametrize("namespaces", ["[]", '["video", "audio"]', '["*"]'])
def test_each_role_is_bound_to_the_operators_account_alone(render, namespaces):
    chart = render("minimal", f"--set-json=requirementSecrets.namespaces={namespaces}")
    (account,) = [o["metadata"] for o in chart if o["kind"] == "ServiceAccount"]
    bindings = [o for o in chart if o["kind"].endswith("RoleBinding")]
    bound = [
        (b["roleRef"]["kind"], b["roleRef"]["name"], b["metadata"].get("namespace", ""))
        for b in bindings
    ]
    assert sorted(bound) == sorted(set(roles(chart)) - set(ALLOWED_TO_USERS))
    for binding in bindings:
        assert binding["kind"] == f"{binding['roleRef']['kind']}Binding"
        assert binding["subjects"] == [
            {
                "kind": "ServiceAccount",
                "name": account["name"],
                "namespace": account["namespace"],
            }
        ]


@pytest.mark.parametrize(
    ("name", "into"), [(VIEW, {"view", "edit", "admin"}), (EDIT, {"edit", "admin"})]
)
def test_users_have_their_rights_by_the_clusters_own_roles(render, name, into):
    (role,) = [o for o in render("minimal") if o["metadata"]["name"] == name]
    prefix = "rbac.authorization.k8s.io/aggregate-to-"
    labels = {k: v for k, v in role["metadata"]["labels"].items() if k.startswith(prefix)}
    assert labels == {f"{prefix}{one}": "true" for one in into}


def test_users_get_no_rights_where_the_administrator_gives_them_by_hand(render):
    objects = render("minimal", "--set=rbac.aggregate=false")
    assert not {VIEW, EDIT} & {o["metadata"]["name"] for o in objects}


def test_what_cleans_the_registry_has_an_account_of_its_own(render):
    """It is where the credentials to delete are, and the operator's account is not."""
    chart = render("full")
    account = next(
        o for o in chart if o["kind"] == "ServiceAccount" and o["metadata"]["name"] == RETENTION
    )
    assert account["metadata"]["namespace"] == "builds"
    assert account["automountServiceAccountToken"] is False
    subject = {"kind": "ServiceAccount", "name": RETENTION, "namespace": "builds"}
    bindings = [o for o in chart if o["kind"].endswith("RoleBinding")]
    bound = [b["roleRef"]["name"] for b in bindings if b["subjects"] == [subject]]
    assert bound == [RETENTION, RETENTION]
    others = [b for b in bindings if b["roleRef"]["name"] != RETENTION]
    assert others
    assert all(subject not in b["subjects"] for b in others)
