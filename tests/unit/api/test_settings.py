import copy

import pytest
import yaml

from falapp_operator import settings

LEAST = {
    "registry": {"repository": "registry.example:5000/environments"},
    "builds": {"namespace": "builds", "kanikoImage": "kaniko:v1", "builderImage": "builder:v1"},
    "pythons": {"3.11": {"baseImage": "python:3.11", "runtimeImage": "runtime:3.11"}},
    "defaultPython": "3.11",
}
SMALL = {"cpu": "1", "memory": "1Gi"}


def write(tmp_path, value):
    path = tmp_path / "settings.yaml"
    path.write_text(value if isinstance(value, str) else yaml.safe_dump(value))
    return path


def changed(path, value):
    """Return `LEAST` with another value at a dotted path; None removes it."""
    made = copy.deepcopy(LEAST)
    *parents, last = path.split("/")
    inner = made
    for name in parents:
        inner = inner.setdefault(name, {})
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return made


def test_the_least_is_enough(tmp_path):
    loaded = settings.Settings.load(write(tmp_path, LEAST))
    assert loaded.builds.timeout == "1h"
    assert loaded.custom_ca is None
    assert loaded.resync_seconds == 300
    assert loaded.machine_types == {}
    assert loaded.registry.credentials is None
    assert (loaded.registry.push_secret, loaded.registry.pull_secret) == ("", "")
    assert (loaded.builds.max_concurrent, loaded.builds.wheel_cache) == (4, "")
    assert loaded.runners.image_pull_secrets == ()


@pytest.mark.parametrize("kind", [str, None])
def test_the_path_is_given_or_named_by_a_variable(tmp_path, monkeypatch, kind):
    path = write(tmp_path, LEAST)
    monkeypatch.setenv(settings.VARIABLE, "/nowhere" if kind else str(path))
    assert settings.Settings.load(kind and kind(path)).default_python == "3.11"


@pytest.mark.parametrize("key", ["customCA", "custom_ca"])
def test_the_custom_ca(tmp_path, key):
    loaded = settings.Settings.load(write(tmp_path, LEAST | {key: "/etc/falapp/ca/ca.crt"}))
    assert str(loaded.custom_ca) == "/etc/falapp/ca/ca.crt"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("", "holds no mapping of settings"),
        ("- a", "holds no mapping of settings"),
        ("a: [", "is not YAML ("),
        (changed("registry", None), "registry: field required"),
        (changed("registry/repository", "https://r.example/e"), "registry.repository: string"),
        (changed("registry/repository", "r.example/e:tag"), "registry.repository: string"),
        (changed("builds/timeout", "10 minutes"), "builds.timeout: string should match"),
        (changed("builds/timeout", 600), "builds.timeout: input should be a valid string, got 600"),
        (changed("builds/kanikoImage", ""), "builds.kanikoImage: string should have at least 1"),
        (changed("builds/maxConcurrent", 0), "builds.maxConcurrent: input should be greater than"),
        (changed("builds/wheelCache", "A B"), "builds.wheelCache: string should match"),
        (changed("registry/pushSecret", "A B"), "registry.pushSecret: string should match"),
        (changed("registry/pullSecret", "a/b"), "registry.pullSecret: string should match"),
        (changed("runners/imagePullSecrets", [""]), "runners.imagePullSecrets.0: string should"),
        (changed("pythons/3.11/baseImage", "a b"), "pythons.3.11.baseImage: string should match"),
        (changed("pythons", {}), "pythons: dictionary should have at least 1 item"),
        (changed("defaultPython", "3.9"), "defaultPython is 3.9, and pythons has only 3.11: add"),
        (changed("resyncSeconds", 1), "resyncSeconds: input should be greater than or equal to 10"),
        (changed("resync", 1), "resync: extra inputs are not permitted"),
        (changed("machineTypes/S", {"cpu": "1"}), "machineTypes.S.memory: field required"),
        (
            LEAST | {"machineTypes": {"GPU-H100": SMALL, "gpu-h100": SMALL}},
            "machineTypes has GPU-H100 twice, in another case: its object is called gpu-h100",
        ),
        (LEAST | {"registry": 1, "builds": 2}, "(and 1 more)"),
    ],
)
def test_a_wrong_file_is_one_clear_sentence(tmp_path, value, says):
    path = write(tmp_path, value)
    with pytest.raises(settings.SettingsError) as error:
        settings.Settings.load(path)
    message = str(error.value)
    assert message.startswith(f"{path}: ")
    assert says in message
    assert "\n" not in message


def test_a_missing_file_is_one_clear_sentence(tmp_path):
    with pytest.raises(settings.SettingsError, match=r"cannot be read .*FALAPP_SETTINGS"):
        settings.Settings.load(tmp_path / "none.yaml")
