"""`falapp plan`: what is foreseen is what the operator makes, and holds no secret."""

import json
import socket

import pytest
import yaml

from falapp_cli.errors import InputError
from falapp_cli.foresee import code, manifests, table
from falapp_cli.foresee import settings as known
from falapp_cli.foresee.changes import differing
from falapp_cli.foresee.plan import UID, foresee
from falapp_cli.foresee.world import World
from falapp_cli.main import run
from falapp_runner import contract
from tests.unit import samples
from tests.unit.cli.apiserver import Live
from tests.unit.reconcile import fake

TOKEN = "ghp_0123456789abcdef"  # noqa: S105 - nobody's


NAMED = "kind: FalApp\napiVersion: falapp.dev/v1alpha1\nmetadata: {{name: {}}}"


def foreseen(app, settings=None, live=None):
    settings = settings or samples.settings(machineTypes={"S": {"cpu": "1", "memory": "1Gi"}})
    return foresee(app, settings, World(settings, live))


def kinds(made):
    return [o["kind"] for o in made.objects]


def pod_of(made):
    [deployment] = [o for o in made.objects if o["kind"] == "Deployment"]
    return deployment["spec"]["template"]["spec"]


def test_everything_that_would_be_made_in_order():
    made = foreseen(samples.app())
    assert kinds(made) == [
        *("Environment", "Job", "ConfigMap", "ConfigMap"),
        *("Deployment", "Service"),
    ]
    assert made.changes == ()
    environment = made.environment
    assert environment["name"] == made.objects[0]["metadata"]["name"]
    assert environment["key"].startswith(environment["name"].removeprefix("env-"))
    tag = f"env-{environment['key']}"
    assert environment["image"] == f"registry.example:5000/environments:{tag}"
    assert environment["requirements"] == [["requests==2.32.3"]]
    assert environment["dockerfile"].startswith(f"FROM {samples.BASE}\nRUN python3 -m venv")
    runner = pod_of(made)["containers"][0]
    assert runner["image"] == environment["image"]
    assert UID not in json.dumps(made.to_value())


def test_a_dockerfile_is_an_environment_of_its_own_and_comes_first():
    text = "FROM registry.example/cuda:12\nRUN true\n"
    made = foreseen(samples.app(image={"dockerfile": text}))
    assert kinds(made)[:6] == ["Environment", "Job", "ConfigMap"] * 2
    assert made.environment["dockerfile"] == text
    base, own = made.objects[0]["metadata"]["name"], made.objects[3]["metadata"]["name"]
    assert base != own == made.environment["name"]
    said = list(table.lines(made))
    assert f"  on top of  {base}: the Dockerfile's image, an Environment of its own" in said


def test_of_a_suspended_app_is_foreseen_what_its_resumption_makes():
    made = foreseen(samples.app(suspend=True))
    assert kinds(made) == kinds(foreseen(samples.app()))
    [replicas] = [o["spec"]["replicas"] for o in made.objects if o["kind"] == "Deployment"]
    assert replicas == 0


def test_the_profile_of_the_machine_type_is_in_the_key_and_told():
    machines = {"S": {"cpu": "1", "memory": "1Gi"}}
    told = {"index": "https://p.example/whl"}
    settings = samples.settings(machineTypes=machines, pytorch=told)
    made, plain = foreseen(samples.app(), settings), foreseen(samples.app())
    profile = {"accelerator": "cpu", "pytorchIndex": "https://p.example/whl/cpu"}
    assert made.environment["profile"] == profile == made.objects[0]["spec"]["profile"]
    assert "  profile    cpu https://p.example/whl/cpu" in list(table.lines(made))
    assert plain.environment["profile"] is None
    assert plain.environment["key"] != made.environment["key"]


def test_the_profile_is_that_of_the_cluster_where_there_is_one():
    cpu = {"accelerator": "cpu"}
    cluster = fake.Cluster()
    cluster.put(samples.machine_type(profile=cpu))
    assert foreseen(samples.app(), live=Live(cluster)).environment["profile"] == cpu


COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("ref", "given", "reasons"),
    [
        ({"ref": COMMIT}, COMMIT, set()),
        ({"ref": "main"}, "<commit of main>", {"CommitUnknown"}),
        ({}, "<commit of the default branch>", {"CommitUnknown"}),
    ],
)
def test_a_git_source_is_planned_without_asking_its_server(ref, given, reasons):
    app = samples.app(source={"git": {"url": "https://git.example/a.git", **ref}})
    made = foreseen(app)
    pod = pod_of(made)
    variables = {v["name"]: v["value"] for c in pod["initContainers"] for v in c.get("env", ())}
    assert variables[contract.GIT_COMMIT] == given
    assert {w.reason for w in made.warnings} == reasons


def test_the_commit_of_a_branch_is_that_of_the_cluster_where_it_is_known():
    url = "https://git.example/a.git"
    app = samples.app(source={"git": {"url": url, "ref": "main"}})
    live = app | {"status": {"source": {"url": url, "ref": "main", "commit": COMMIT}}}
    assert code.commit(spec_of(app), live) == COMMIT
    live["status"]["source"]["ref"] = "other"
    assert code.commit(spec_of(app), live) == "<commit of main>"


def test_certificates_in_the_operators_pod_are_told_to_be_left_out(tmp_path):
    settings = samples.settings(
        machineTypes={"S": {"cpu": "1", "memory": "1Gi"}}, customCA=str(tmp_path / "not-here.pem")
    )
    git = {"url": "https://git.example/a.git", "ref": COMMIT}
    made = foreseen(samples.app(source={"git": git}), settings)
    assert [w.reason for w in made.warnings] == ["CertificatesUnknown"]


def test_no_credential_is_printed_though_it_stands_in_the_source():
    token = f"git+https://{TOKEN}@git.example/a.git"
    app = samples.app(requirements=[token])
    app["spec"]["source"]["inline"]["app.py"] += f"# {token}\n"
    made = foreseen(app)
    assert TOKEN not in json.dumps(made.to_value())
    reasons = {w.reason: w for w in made.warnings}
    assert reasons["LiteralCredentials"].field == "spec.requirements"
    assert reasons["BuiltFromSource"].field == "spec.requirements[0]"


@pytest.mark.parametrize(
    ("live", "desired", "fields"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, []),
        ({"cpu": "1"}, {"cpu": "1000m", "empty": ""}, []),
        ({"a": {"b": 1}}, {"a": {"b": 2, "c": 3}}, ["a.b", "a.c"]),
        ({"a": [{"b": 1}, {"b": 2}]}, {"a": [{"b": 1}, {"b": 3}]}, ["a[1].b"]),
        ({"a": [1]}, {"a": [1, 2]}, ["a"]),
        ({}, {"a": {"b": 1}}, ["a"]),
    ],
)
def test_the_fields_that_would_change(live, desired, fields):
    assert list(differing(live, desired)) == fields


def spec_of(app):
    from falapp_cli.foresee.plan import read

    return read(app)


def test_json_has_the_documented_shape_and_needs_no_network(tmp_path, capsys, monkeypatch):
    def refuse(*_):
        raise AssertionError("plan without a cluster opened a connection")

    file = tmp_path / "app.yaml"
    file.write_text(yaml.safe_dump(samples.app(machineType="GPU-H100")))
    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert run(["plan", "-f", str(file), "-o", "json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert set(made) == {"environment", "objects", "warnings"}
    shown = {"key", "name", "image", "dockerfile", "profile", "requirements"}
    assert set(made["environment"]) == shown
    assert all({"apiVersion", "kind", "metadata"} <= set(o) for o in made["objects"])
    assert [set(w) for w in made["warnings"]] == [{"reason", "message", "field"}]
    assert made["warnings"][0]["reason"] == "DefaultSettings"


def test_given_settings_decide(tmp_path, capsys):
    file, settings = tmp_path / "app.yaml", tmp_path / "settings.yaml"
    file.write_text(yaml.safe_dump(samples.app(machineType="S")))
    text = known.DEFAULTS.read_text().replace("registry.example/environments", "mine.example/envs")
    for content in (text, yaml.safe_dump({"kind": "ConfigMap", "data": {"settings.yaml": text}})):
        settings.write_text(content)
        arguments = ["plan", "-f", str(file), "--settings", str(settings), "-o", "yaml"]
        assert run(arguments) == 0
        made = yaml.safe_load(capsys.readouterr().out)
        assert made["environment"]["image"].startswith("mine.example/envs:env-")
        assert made["warnings"] == []


def test_for_people_and_by_name(tmp_path, capsys):
    file = tmp_path / "app.yaml"
    file.write_text(yaml.safe_dump(samples.app(machineType="S")))
    assert run(["plan", "-f", str(file)]) == 0
    said = capsys.readouterr().out
    for part in (
        "tools → resolve → plan → wheels → sources → publish",
        "create  Deployment",
        "cpu 1",
    ):
        assert part in said
    assert run(["plan", "-f", str(file), "-o", "name"]) == 0
    names = capsys.readouterr().out.splitlines()
    assert {"deployment.apps/hello", "service/hello"} <= set(names)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [", "is not YAML"),
        ("kind: ConfigMap", "holds no FalApp"),
        ("a: 1\n---\nmetadata: [b]", "holds no FalApp"),
        ("kind: FalApp\nmetadata: {name: a}\n---\nkind: FalApp", r"2 FalApps \(FalApp a, FalApp\)"),
        ("kind: FalApp\napiVersion: falapp.dev/v9", "apiVersion is 'falapp.dev/v9'"),
        ("kind: FalApp\napiVersion: falapp.dev/v1alpha1", "metadata.name is missing"),
        (NAMED.format("a") + "\nspec: &a {b: *a}", "cannot be said in JSON"),
        (NAMED.format("a") + "\nspec: {2026-01-01: 1}", "cannot be said in JSON"),
        (NAMED.format("3"), "metadata.name is not text; put it in quotes"),
        (NAMED.format("[a]"), "metadata.name is not text"),
        (NAMED.format("a, namespace: 5"), "metadata.namespace is not text"),
        (NAMED.format("a, annotations: [x]"), "metadata.annotations is not a mapping"),
        (NAMED.format("a, labels: 5"), "metadata.labels is not a mapping"),
        (NAMED.format("a, labels: {b: 5}"), "metadata.labels: b: is not text; put it in quotes"),
    ],
)
def test_bad_manifests(tmp_path, text, says):
    file = tmp_path / "app.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match=says):
        manifests.read(str(file))


def test_metadata_that_is_null_is_as_if_it_were_not_there(tmp_path):
    file = tmp_path / "app.yaml"
    file.write_text(NAMED.format("a, annotations: , namespace: "))
    assert manifests.read(str(file))["metadata"] == {"name": "a"}


def test_a_bad_spec_and_settings_that_are_not_there_are_told_with_what_to_do(tmp_path, capsys):
    file = tmp_path / "app.yaml"
    file.write_text("kind: FalApp\napiVersion: falapp.dev/v1alpha1\nmetadata: {name: a}\nspec: {}")
    assert run(["plan", "-f", str(file)]) == 3
    assert "FalApp a: spec.source: Field required; correct it" in capsys.readouterr().err
    gone = str(tmp_path / "gone.yaml")
    assert run(["plan", "-f", str(file), "--settings", gone]) == 3
    said = capsys.readouterr().err
    assert f"--settings: {gone} cannot be read (No such file or directory); name another" in said
