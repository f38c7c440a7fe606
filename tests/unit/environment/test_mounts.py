"""Who sees what in a build's pod, in a table that is not made from the other one."""

import pytest

from tests.unit.environment.build import build, pod, steps

SCRATCH = {
    "tools": {"/kaniko/falapp": "w"},
    "resolve": {"/kaniko/request": "r", "/kaniko/falapp": "r", "/kaniko/lock": "w"},
    "plan": {
        "/kaniko/request": "r",
        "/kaniko/lock": "r",
        "/kaniko/plan": "w",
        "/kaniko/wheels": "w",
    },
    "wheels": {
        "/kaniko/falapp": "r",
        "/kaniko/plan": "r",
        "/kaniko/wheels": "r",
        "/kaniko/out": "w",
        "/workspace": "w",
    },
    "sources": {
        "/kaniko/falapp": "r",
        "/kaniko/plan": "r",
        "/kaniko/wheels": "r",
        "/kaniko/out": "w",
        "/workspace": "w",
    },
    "publish": {
        "/kaniko/request": "r",
        "/kaniko/plan": "r",
        "/kaniko/out/wheels": "r",
        "/kaniko/out/sources": "r",
    },
}
PUSH = {"registry": {"pushSecret": "ours-push"}}
PULL = {"registry": {"pullSecret": "ours"}}
IMAGES = {"builds": {"imagePullSecret": "images"}}
OWN_BASE = {"base_image": "mine.example/base:1"}


DOCKERFILE = {
    "base_image": None,
    "dockerfile": {"text": "ARG A\nFROM x:${A}\n", "args": {"A": "1"}},
    "python_version": None,
    "layers": (),
}
ON_DOCKERFILE = {
    "base_image": None,
    "dockerfile": DOCKERFILE["dockerfile"],
    "base": f"registry.example:5000/environments@sha256:{'0' * 64}",
}


def mounts(step):
    return {m["mountPath"]: "r" if m.get("readOnly") else "w" for m in step["volumeMounts"]}


def added(build, **settings):
    """Return which steps mount what beside their scratch, by path."""
    found: dict[str, set[str]] = {}
    for name, step in steps(pod(build, **settings)).items():
        for path in set(mounts(step)) - set(SCRATCH[name]):
            found.setdefault(path, set()).add(name)
    return found


def volume(pod, name):
    return next(v for v in pod["volumes"] if v["name"] == name)


def test_the_least():
    assert {name: mounts(step) for name, step in steps(pod(build())).items()} == SCRATCH


@pytest.mark.parametrize(
    ("spec", "settings", "seen"),
    [
        (
            {"variables": ["TOKEN"]},
            {},
            {"/kaniko/secrets": {"resolve", "plan", "sources"}},
        ),
        (
            {"custom_ca": True},
            {},
            {"/kaniko/ca": {"resolve", "plan", "wheels", "sources", "publish"}},
        ),
        ({}, PUSH, {"/kaniko/push": {"publish"}}),
        ({}, PULL, {"/kaniko/registry": {"plan"}}),
        ({}, IMAGES, {"/kaniko/.docker": {"plan", "wheels", "sources", "publish"}}),
        (OWN_BASE, IMAGES, {}),
        (OWN_BASE, PULL, {"/kaniko/registry": {"plan"}}),
        (
            OWN_BASE | {"pull_secret": "mine"},
            {},
            {"/kaniko/.docker": {"plan", "wheels", "sources", "publish"}},
        ),
        (
            OWN_BASE | {"pull_secret": "mine"},
            PULL,
            {
                "/kaniko/.docker": {"plan", "wheels", "sources", "publish"},
                "/kaniko/registry": {"plan"},
            },
        ),
        ({}, {"builds": {"wheelCache": "wheels"}}, {"/kaniko/cache": {"plan"}}),
    ],
)
def test_what_else_there_is_reaches_those_who_need_it(spec, settings, seen):
    assert added(build(**spec), **settings) == seen


BOTH = {"registry": {"pushSecret": "ours-push", "pullSecret": "ours"}}


def test_what_a_dockerfile_runs_sees_its_own_login_and_none_of_ours():
    made = steps(pod(build(**DOCKERFILE, pull_secret="mine", custom_ca=True), **BOTH, **IMAGES))
    assert {name: mounts(step) for name, step in made.items()} == {
        "cache": dict.fromkeys(
            ("/kaniko/request", "/kaniko/ca", "/kaniko/registry", "/kaniko/push"), "r"
        ),
        "dockerfile": {
            "/kaniko/request": "r",
            "/kaniko/ca": "r",
            "/kaniko/.docker": "r",
            "/kaniko/out": "w",
            "/workspace": "w",
        },
        "publish": {
            "/kaniko/request": "r",
            "/kaniko/ca": "r",
            "/kaniko/.docker": "r",
            "/kaniko/push": "r",
            "/kaniko/out/sources": "r",
        },
    }


def test_on_a_dockerfile_code_of_packages_sees_no_login_at_all():
    made = pod(build(**ON_DOCKERFILE, pull_secret="mine"), **BOTH, **IMAGES)
    found = {name: set(mounts(step)) for name, step in steps(made).items()}
    logins = {"/kaniko/.docker", "/kaniko/registry", "/kaniko/push"}
    assert {name: paths & logins for name, paths in found.items() if paths & logins} == {
        "relay": {"/kaniko/registry"},
        "plan": {"/kaniko/registry"},
        "publish": {"/kaniko/push"},
    }
    assert [s["name"] for s in made["imagePullSecrets"]] == ["ours", "images"]


def test_nothing_of_it_can_be_written_to_but_the_cache():
    made = build(variables=["TOKEN"], custom_ca=True, pull_secret="mine", **OWN_BASE)
    settings = {
        "registry": {"pushSecret": "push", "pullSecret": "pull"},
        "builds": {"wheelCache": "wheels"},
    }
    for name, step in steps(pod(made, **settings)).items():
        more = {p: mode for p, mode in mounts(step).items() if p not in SCRATCH[name]}
        assert {p for p, mode in more.items() if mode == "w"} <= {"/kaniko/cache"}


def test_what_runs_code_of_packages_writes_where_nobody_else_does():
    made = pod(build())
    writers = {}
    for name, step in steps(made).items():
        for mount in step["volumeMounts"]:
            if not mount.get("readOnly"):
                writers.setdefault(mount["name"], set()).add(name)
    assert {volume for volume, who in writers.items() if "sources" in who} == {
        "out-sources",
        "workspace",
    }
    readers = {
        n for n, s in steps(made).items() for m in s["volumeMounts"] if m["name"] == "workspace"
    }
    assert readers == {"wheels", "sources"}
    assert writers["out-wheels"] == {"wheels"}


@pytest.mark.parametrize(
    ("spec", "settings", "secrets"),
    [
        ({}, {}, {}),
        ({"variables": ["TOKEN"]}, {}, {"secrets": "{name}"}),
        ({}, PUSH, {"push": "ours-push"}),
        ({}, PULL, {"registry": "ours"}),
        ({}, PULL | IMAGES, {"pull": "images", "registry": "ours"}),
        (OWN_BASE, PULL, {"registry": "ours"}),
        ({"pull_secret": "mine"}, PULL, {"pull": "{name}-pull", "registry": "ours"}),
    ],
    ids=str,
)
def test_which_secrets_they_are(spec, settings, secrets):
    asked = build(**spec)
    made = pod(asked, **settings)
    found = {v["name"]: v["secret"] for v in made["volumes"] if "secret" in v}
    assert {n: s["secretName"] for n, s in found.items()} == {
        n: s.format(name=asked.name) for n, s in secrets.items()
    }
    for name in set(found) - {"secrets"}:
        assert found[name]["items"] == [{"key": ".dockerconfigjson", "path": "config.json"}]


@pytest.mark.parametrize(
    ("spec", "settings", "names"),
    [
        ({}, {}, []),
        ({}, PULL, []),
        ({}, IMAGES, ["images"]),
        ({"pull_secret": "mine"}, PULL, ["{name}-pull"]),
        ({"pull_secret": "mine"}, IMAGES, ["{name}-pull", "images"]),
    ],
    ids=str,
)
def test_what_nodes_pull_with(spec, settings, names):
    asked = build(**spec)
    found = [s["name"] for s in pod(asked, **settings).get("imagePullSecrets", ())]
    assert found == [name.format(name=asked.name) for name in names]


def test_every_mount_has_its_volume_and_every_volume_a_mount():
    made = pod(build(custom_ca=True, variables=["TOKEN"]), **PUSH)
    volumes = {v["name"] for v in made["volumes"]}
    assert {m["name"] for c in steps(made).values() for m in c["volumeMounts"]} == volumes


def test_the_custom_certificates():
    made = pod(build(custom_ca=True))
    assert volume(made, "ca")["configMap"] == {"name": "falapp-custom-ca"}


def test_the_cache_can_be_written_to_by_its_one_user():
    made = pod(build(), builds={"wheelCache": "wheels"})
    assert volume(made, "cache")["persistentVolumeClaim"] == {"claimName": "wheels"}
    user = steps(made)["plan"]["securityContext"]["runAsUser"]
    assert made["securityContext"]["fsGroup"] == user
    assert "securityContext" not in pod(build())
