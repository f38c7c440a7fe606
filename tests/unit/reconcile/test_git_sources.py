"""An app in a git repository: one commit for all its runners; a branch that moves rolls them."""

import base64

import pytest

from falapp_operator.api.conditions import Reason
from falapp_operator.errors import ForbiddenError, UserError
from falapp_operator.reconcile import commits
from tests.unit import samples, workloads

URL = "https://git.example/apps.git"
OLD, NEW = "a" * 40, "b" * 40
UNREACHABLE = UserError(Reason.SOURCE_UNREACHABLE, "did not answer; it is asked again")


def git_app(**git):
    return samples.app(source={"git": {"url": URL, "ref": "main"} | git})


def secret(**values):
    data = {k: base64.b64encode(v.encode()).decode() for k, v in values.items()}
    made = {"apiVersion": "v1", "kind": "Secret", "metadata": samples.metadata("git")}
    return made | {"data": data}


def clone_of(world):
    pod = world.cluster.find("Deployment", "hello")["spec"]["template"]["spec"]
    return next(c for c in pod["initContainers"] if c["name"] == "source")


def commit_of(world):
    return {v["name"]: v["value"] for v in clone_of(world)["env"]}["FALAPP_SOURCE_COMMIT"]


async def test_a_branch_is_the_commit_that_it_is_now(world):
    world.git.refs[URL, "main"] = OLD
    await world.serve(git_app())
    assert world.status()["source"] == {"url": URL, "ref": "main", "commit": OLD}
    assert commit_of(world) == OLD
    assert world.status()["conditions"]["Ready"]["status"] == "True"
    assert world.cluster.names("ConfigMap") == []
    assert await world.reconcile_app() == []


async def test_it_is_asked_once_an_interval_and_not_with_every_pass(world):
    world.git.refs[URL, "main"] = OLD
    await world.serve(git_app())
    await world.reconcile_app()
    assert len(world.git.asked) == 1
    assert world.again == world.settings.resync_seconds
    world.wait(world.again)
    await world.reconcile_app()
    assert len(world.git.asked) == 2


async def test_a_branch_that_moved_rolls_all_runners(world):
    world.git.refs[URL, "main"] = OLD
    await world.serve(git_app())
    world.git.refs[URL, "main"] = NEW
    world.wait(world.again)
    assert "apply Deployment hello" in await world.reconcile_app()
    assert commit_of(world) == NEW
    assert world.status()["source"]["commit"] == NEW
    # what runs yet is of the former revision
    assert world.status()["conditions"]["Ready"]["status"] == "False"
    world.start_runners(workloads.runner_pod())
    await world.reconcile_app()
    assert world.status()["conditions"]["Ready"]["status"] == "True"


async def test_a_new_ref_or_a_wish_to_try_again_is_asked_at_once(world):
    world.git.refs |= {(URL, "main"): OLD, (URL, "v2"): NEW}
    await world.serve(git_app())
    app = world.cluster.find("FalApp")
    world.cluster.change(
        "FalApp", spec=app["spec"] | {"source": git_app(ref="v2")["spec"]["source"]}
    )
    await world.reconcile_app()
    assert commit_of(world) == NEW
    world.git.refs[URL, "v2"] = OLD
    app = world.cluster.find("FalApp")
    app["metadata"]["annotations"] = {"falapp.dev/retry": "now"}
    world.cluster.put(app)
    await world.reconcile_app()
    assert commit_of(world) == OLD


async def test_a_full_commit_is_asked_of_nobody_and_reads_no_secret(world):
    await world.serve(git_app(ref=OLD, secretRef={"name": "git"}))
    assert commit_of(world) == OLD
    assert world.git.asked == []
    assert world.cluster.reads["get Secret"] == 0
    assert world.status()["source"]["commit"] == OLD


@pytest.mark.parametrize(
    ("values", "login"),
    [
        ({"token": "t0ken"}, ("x-token-auth", "t0ken")),
        ({"token": "t0ken\n", "username": "me"}, ("me", "t0ken")),
        ({"username": "me", "password": "passw0rd"}, ("me", "passw0rd")),
    ],
)
async def test_the_login_of_its_secret_is_shown(world, values, login):
    world.git.refs[URL, "main"] = OLD
    world.cluster.put(secret(**values))
    await world.serve(git_app(secretRef={"name": "git"}))
    assert world.git.asked == [(URL, "main", login)]
    assert clone_of(world)["envFrom"] == [{"prefix": "FALAPP_GIT_", "secretRef": {"name": "git"}}]
    written = str(world.cluster.objects)
    assert not [v for k, v in values.items() if k != "username" and v.strip() in written]


@pytest.mark.parametrize(
    ("trouble", "values", "says"),
    [
        (None, None, "there is no Secret 'git' in namespace video"),
        (None, {"other": "x"}, "has no key 'token'"),
        (ForbiddenError("403"), {"token": "x"}, "add video to requirementSecrets.namespaces"),
    ],
)
async def test_a_login_that_cannot_be_had_is_told_and_looked_for_again(
    world, trouble, values, says
):
    if values:
        world.cluster.put(secret(**values))
    if trouble:
        world.cluster.trouble["get Secret"] = trouble
    world.cluster.put(git_app(secretRef={"name": "git"}))
    await world.reconcile_app()
    stalled = world.status()["conditions"]["Stalled"]
    assert (stalled["status"], stalled["reason"]) == ("True", "SecretNotFound")
    assert says in stalled["message"]
    assert world.again == commits.AGAIN
    assert world.cluster.names("Deployment") == []

    world.cluster.trouble.clear()
    if world.cluster.find("Secret"):
        world.cluster.remove("Secret")
    world.cluster.put(secret(token="t0ken"))
    world.git.refs[URL, "main"] = OLD
    world.wait(world.again)
    await world.reconcile_app()
    assert world.status()["source"]["commit"] == OLD


@pytest.mark.parametrize(
    "reason",
    [
        Reason.SOURCE_UNREACHABLE,
        Reason.SOURCE_NOT_FOUND,
        Reason.ACCESS_DENIED,
        Reason.SECRET_NOT_FOUND,
    ],
)
async def test_whatever_fails_a_running_app_stays_and_can_be_scaled(world, reason):
    world.git.refs[URL, "main"] = OLD
    await world.serve(git_app())
    world.restart()
    world.git.error = UserError(reason, "no answer")
    assert await world.reconcile_app() == ["status FalApp hello"]
    status = world.status()
    assert status["conditions"]["Ready"]["status"] == "True"
    assert status["conditions"]["Stalled"]["status"] == "False"
    assert status["source"]["commit"] == commit_of(world) == OLD
    stale = status["conditions"]["SourceStale"]
    assert (stale["status"], stale["reason"]) == ("True", reason)
    assert stale["message"] == f"no answer; until then the commit stays {OLD}"
    assert world.again == commits.AGAIN

    app = world.cluster.find("FalApp")
    world.cluster.change("FalApp", spec=app["spec"] | {"replicas": 3})
    await world.reconcile_app()
    assert world.cluster.find("Deployment")["spec"]["replicas"] == 3

    world.git.error = None
    world.wait(world.again)
    await world.reconcile_app()
    assert "SourceStale" not in world.status()["conditions"]


async def test_a_secret_that_is_gone_leaves_a_running_app_as_it_is(world):
    world.git.refs[URL, "main"] = OLD
    world.cluster.put(secret(token="t0ken"))
    await world.serve(git_app(secretRef={"name": "git"}))
    world.cluster.remove("Secret")
    world.wait(world.again)
    await world.reconcile_app()
    assert world.status()["conditions"]["SourceStale"]["reason"] == "SecretNotFound"
    assert world.status()["conditions"]["Stalled"]["status"] == "False"


async def test_the_commit_of_another_ref_is_not_kept(world):
    world.git.refs[URL, "main"] = OLD
    await world.serve(git_app())
    app = world.cluster.find("FalApp")
    source = git_app(ref="gone")["spec"]["source"]
    world.cluster.change("FalApp", spec=app["spec"] | {"source": source})
    world.git.error = UserError(Reason.SOURCE_NOT_FOUND, "no branch or tag 'gone'")
    await world.reconcile_app()
    assert world.status()["conditions"]["Stalled"]["reason"] == "SourceNotFound"
    assert world.status()["source"]["commit"] == commit_of(world) == OLD


@pytest.mark.parametrize("ref", ["main", OLD])
async def test_a_url_that_cannot_be_is_refused_unasked(world, ref):
    world.cluster.put(samples.app(source={"git": {"url": "http://a.example:99999/x", "ref": ref}}))
    await world.reconcile_app()
    stalled = world.status()["conditions"]["Stalled"]
    assert (stalled["status"], stalled["reason"]) == ("True", "InvalidSpec")
    assert "from 1 to 65535" in stalled["message"]
    assert world.git.asked == []


async def test_a_new_app_waits_for_a_git_server_that_is_down(world):
    world.git.error = UNREACHABLE
    world.cluster.put(git_app())
    await world.reconcile_app()
    conditions = world.status()["conditions"]
    assert conditions["Ready"]["reason"] == "SourceUnreachable"
    assert conditions["Stalled"]["status"] == "False"
    assert world.again == commits.AGAIN


async def test_what_the_cluster_trusts_is_brought_to_git_and_restarts_nothing(world, tmp_path):
    bundle = tmp_path / "ca.crt"
    bundle.write_text("certificates\n")
    world.settings = samples.settings(customCA=str(bundle))
    world.git.refs[URL, "main"] = OLD
    await world.serve(git_app())
    assert world.cluster.find("ConfigMap")["data"] == {"ca.crt": "certificates\n"}
    assert [m["name"] for m in clone_of(world)["volumeMounts"]] == ["app", "tmp", "source"]
    name = world.cluster.names("ConfigMap")

    bundle.write_text("others\n")
    assert await world.reconcile_app() == ["apply ConfigMap hello-source-ca"]
    assert world.cluster.names("ConfigMap") == name
    assert world.cluster.find("ConfigMap")["data"] == {"ca.crt": "others\n"}


async def test_code_of_an_image(world):
    image = {"name": "registry.example/code:1", "path": "/srv/app", "pullSecret": "pull"}
    await world.serve(samples.app(source={"image": image}))
    pod = world.cluster.find("Deployment", "hello")["spec"]["template"]["spec"]
    assert pod["imagePullSecrets"] == [{"name": "pull"}]
    assert clone_of(world)["image"] == "registry.example/code:1"
    assert "source" not in world.status()


async def test_nothing_is_kept_of_an_app_that_is_gone(world):
    world.git.refs[URL, "main"] = OLD
    await world.serve(git_app())
    assert world.shared.commits._held
    world.cluster.remove("FalApp")
    await world.reconcile_app()
    assert not world.shared.commits._held
