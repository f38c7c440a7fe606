"""What `falapp plan` refuses is what the API server refuses, without asking it.

That the API server agrees on the same specs is tests/integration/test_admission.py's to show.
"""

import pytest

from falapp_operator.api import admission, meta, model
from falapp_operator.errors import UserError
from tests.contract import structure
from tests.specs import ACCEPTED, GOOD, NO_NAMES, REFUSED, changed

RULES = {
    rule["rule"]: (path, rule["message"])
    for path, found in structure.walk(admission.schema())
    for rule in found.get("x-kubernetes-validations", ())
}
LARGE = {f"{n}.txt": "x" * 250_000 for n in range(5)}
UNIT_ONLY = [
    # kubectl could not carry it: its own annotation would be too long
    ({"source": {"inline": {"app.py": "", **LARGE}}}, "hold at most 1,000,000 characters"),
]


def read(spec, name="app"):
    metadata = {"name": name, "namespace": "default"}
    app = {"apiVersion": meta.API_VERSION, "kind": "FalApp", "metadata": metadata, "spec": spec}
    return admission.read(app)


def refusal(spec, name="app"):
    with pytest.raises(UserError) as caught:
        read(spec, name)
    assert "\n" not in caught.value.message
    return caught.value.message


@pytest.mark.parametrize("fields", ACCEPTED, ids=lambda fields: str(fields)[:80])
def test_what_the_schema_offers_is_accepted(fields):
    assert read(changed(**fields))


@pytest.mark.parametrize(
    ("fields", "named"), [*REFUSED, *UNIT_ONLY], ids=lambda given: str(given)[:80]
)
def test_what_is_wrong_is_refused_with_the_field_named(fields, named):
    assert named in refusal(changed(**fields))


@pytest.mark.parametrize("name", NO_NAMES)
def test_a_name_that_no_service_can_have_is_refused(name):
    assert "metadata.name: a FalApp's name is its host name" in refusal(GOOD, name)


def test_each_rule_of_the_api_server_has_a_predicate_that_a_spec_here_breaks():
    """But for the lengths of keys, which the model knows, and tells before any rule."""
    assert len(RULES) > 15
    refused = [refusal(changed(**fields)) for fields, _ in (*REFUSED, *UNIT_ONLY)]
    refused.append(refusal(GOOD, NO_NAMES[0]))
    for rule, (path, message) in RULES.items():
        assert model.predicate(rule), f"{path}: {rule}"
        why = message.partition(": ")[2] or message
        broken = any(text.endswith((message, why)) for text in refused)
        assert broken or message.startswith("a key has at most"), f"{path}: {rule}"


@pytest.mark.parametrize(("size", "holds"), [(253, True), (254, False)])
def test_keys_have_lengths(size, holds):
    assert model.predicate("self.all(k, size(k) <= 253)")({"k" * size: ""}) is holds


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"machine_type": "XL"}, "spec.machine_type: there is no such field, only machineType"),
        ({"num_gpus": 1}, "spec.num_gpus: there is no such field, only numGPUs"),
        ({"replica": 1}, "spec.replica: there is no such field, only replicas"),
        ({"nonsense": 1}, "spec.nonsense: there is no such field"),
        ({"volumes": [{"mount_path": "/a"}]}, "spec.volumes[0].mount_path: there is no such field"
         ", only mountPath"),
        ({"source": {"config_map": {"name": "a"}}}, "spec.source.config_map: there is no such "
         "field, only configMap"),
        ({"requirements": "numpy"}, "spec.requirements: is not a list"),
        ({"image": "a"}, "spec.image: is not a mapping"),
        ({"env": [{"name": "A", "value": 1}]}, "spec.env[0].value: is not text (put it in quotes)"),
        ({"rollout": {"maxSurge": "101%"}}, "spec.rollout.maxSurge: "),
        ({"volumes": [{"name": "a", "mountPath": "/app", "secret": {"secretName": "a"}}]},
         "spec.volumes[0].mountPath: the runner has its own there"),
    ],
    ids=str,
)  # fmt: skip
def test_it_is_said_where_and_what_to_write(fields, says):
    said = refusal(changed(**fields))
    assert said.startswith(says)
    assert said == says or not says.endswith(("field", "list", "quotes)"))


def test_a_field_beside_the_spec_is_refused():
    app = {"apiVersion": meta.API_VERSION, "kind": "FalApp", "metadata": {"name": "a"}}
    with pytest.raises(UserError, match="specs: there is no such field, only spec"):
        admission.read(app | {"specs": GOOD})
