import re

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from falapp_operator import errors
from falapp_operator.api import admission, conditions, falapp, meta, model
from tests.unit import samples

SOURCE = {"inline": {"app.py": "import fal"}}
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def spec(**fields):
    return {"source": SOURCE, "entrypoint": "app.py::Hello"} | fields


def mounting(path):
    volume = {"name": "a", "mountPath": path, "configMap": {"name": "c"}}
    return samples.app(volumes=[volume])


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [("90s", 90), ("20m", 1200), ("1h30m", 5400), ("1h1m1s", 3661), ("9999h", 35996400)],
)
def test_seconds(duration, seconds):
    assert falapp.FalAppSpec.model_validate(spec(startupTimeout=duration))
    assert model.seconds(duration) == seconds


@pytest.mark.parametrize(
    "path",
    [
        "/opt",
        "/opt/env/lib",
        "/lib64",
        "/lib64/x",
        "/sbin",
        "/app/x",
        "/a/../app",
        "/./app",
        "/opt/.",
    ],
)
def test_a_volume_hides_nothing_of_the_runners(path):
    with pytest.raises(errors.UserError, match="the runner has its own there"):
        admission.read(mounting(path))


@pytest.mark.parametrize("path", ["/data", "/opt/models", "/opt/envs", "/apps", "/optional", "/.c"])
def test_a_volume_may_be_anywhere_else(path):
    [volume] = admission.read(mounting(path)).volumes
    assert volume.mount_path == path


@pytest.mark.parametrize(
    "fields",
    [
        {"startupTimeout": ""},
        {"startupTimeout": "90"},
        {"startupTimeout": "0s"},
        {"startupTimeout": "1m1h"},
        {"startupTimeout": "99999h"},
        {"entrypoint": "app:Hello"},
        {"entrypoint": "folder/app.py::Hello"},
        {"entrypoint": "app.py::"},
        {"pythonVersion": "3.11.4"},
        {"replicas": -1},
        {"rollout": {"type": "Canary"}},
        {"rollout": {"maxSurge": -1}},
        {"rollout": {"maxSurge": "101%"}},
        {"rollout": {"maxSurge": "1"}},
        {"rollout": {"maxUnavailable": "%"}},
        {"rollout": {"maxUnavailable": True}},
        {"rollout": {"maxUnavailable": 1.5}},
        {"machineType": "GPU H100"},
        {"machineTypeFallbacks": []},
        {"machineTypeFallbacks": ["GPU H100"]},
        {"machineTypeFallbacks": ["S"] * 9},
        {"numGPUs": 0},
        {"numGpus": 1},
        {"requirements": [""]},
        {"requirementLayers": []},
        {"nonsense": 1},
        {"resolver": "conda"},
        {"image": {"dockerfile": ""}},
        {"image": {"dockerfile": "FROM x", "buildArgs": {}}},
        {"image": {"name": "base:1\nRUN x"}},
        {"image": {"name": "a b"}},
        {"image": {"name": "base:1", "pullSecret": "Not_A_Name"}},
        {"requirementSecrets": [{"name": "token", "secretKeyRef": {"name": "s", "key": "k"}}]},
        {"requirementSecrets": [{"name": "TOKEN"}]},
        {"requirementSecrets": [{"name": "TOKEN", "secretKeyRef": {"name": "s"}}]},
    ],
    ids=str,
)
def test_an_invalid_falapp_is_refused(fields):
    with pytest.raises(pydantic.ValidationError):
        falapp.FalAppSpec.model_validate(spec(**fields))


@pytest.mark.parametrize(
    ("fields", "layers"),
    [
        ({}, ()),
        ({"requirements": []}, ()),
        ({"requirements": ["a", "b"]}, (("a", "b"),)),
        ({"requirementLayers": [["a"], [], ["b"]]}, (("a",), ("b",))),
    ],
)
def test_layers(fields, layers):
    assert falapp.FalAppSpec.model_validate(spec(**fields)).layers == layers


def test_to_object_is_what_was_written():
    written = spec(
        requirements=["numpy"],
        requirementSecrets=[{"name": "TOKEN", "secretKeyRef": {"name": "s", "key": "k"}}],
        resolver="pip",
        image={"name": "registry.example:5000/base@sha256:0123", "pullSecret": "s"},
        machineType="GPU-H100",
        machineTypeFallbacks=["GPU-A100"],
        numGPUs=2,
        replicas=2,
    )
    assert falapp.FalAppSpec.model_validate(written).to_object() == written


@given(st.text(min_size=1))
def test_a_shortened_name_is_a_label(name):
    assert LABEL.fullmatch(meta.shortened(name))


@pytest.mark.parametrize("name", ["a", "hello", "a-1", "a" * 63])
def test_a_name_that_fits_is_kept(name):
    assert meta.shortened(name) == name


def test_long_names_stay_apart():
    assert meta.shortened("a" * 64) != meta.shortened("a" * 65)


@pytest.mark.parametrize(
    ("asked", "name"), [("GPU-RTX4090", "gpu-rtx4090"), ("xs", "xs"), (None, "s")]
)
def test_a_machine_type_is_found_in_any_case(asked, name):
    assert falapp.machine_type_name(asked) == name


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({}, ("S",)),
        ({"machineType": "GPU-H100"}, ("GPU-H100",)),
        ({"machineTypeFallbacks": ["M", "L"]}, ("S", "M", "L")),
        (
            {"machineType": "m", "machineTypeFallbacks": ["L", "M", "l", "XL"]},
            ("m", "L", "XL"),
        ),
    ],
)
def test_machine_types_in_order_each_once(fields, names):
    assert falapp.FalAppSpec.model_validate(spec(**fields)).machines == names


def ready(status, reason="Because"):
    return conditions.condition(conditions.ConditionType.READY, status, reason)


def test_conditions_are_stamped_and_ready_stands_first():
    stalled = conditions.condition(conditions.ConditionType.STALLED, False, "Progressing")
    first, second = conditions.merged([], [stalled, ready(None)], 3, "now")
    assert (first.type, first.status) == ("Ready", "Unknown")
    assert second.type == "Stalled"
    assert {(c.observed_generation, c.last_transition_time) for c in (first, second)} == {
        (3, "now")
    }


@pytest.mark.parametrize(
    ("status", "reason", "since"),
    [(False, "Because", "then"), (False, "Another", "then"), (True, "Because", "now")],
)
def test_the_time_moves_only_with_the_status(status, reason, since):
    (old,) = conditions.merged([], [ready(False)], 1, "then")
    (new,) = conditions.merged([old], [ready(status, reason)], 2, "now")
    assert (new.last_transition_time, new.observed_generation) == (since, 2)
