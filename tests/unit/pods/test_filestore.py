import json

import pytest

from falapp_operator.api.stores import Files
from falapp_operator.runner.pod import template
from falapp_runner import contract
from tests.unit.pods.test_pod import containers

BUCKET = {"store": "bucket", "bucket": {"name": "files", "secret": "s3", "prefix": "apps/"}}
VOLUME = {
    "store": "volume",
    "publicURL": "https://files.example",
    "volume": {"claimName": "files"},
}


def variables(pod):
    return {v["name"]: v for v in containers(pod)["runner"]["env"]}


def test_a_runner_knows_the_bucket_and_where_its_credentials_are(make_runner):
    found = variables(template(make_runner(files=BUCKET)))
    assert json.loads(found[contract.FILES]["value"]) == {
        "bucket": {
            "name": "files",
            "region": "us-east-1",
            "prefix": "apps/",
            "secret": "s3",
            "linkSeconds": 86400,
        }
    }
    for name, key in (
        (contract.FILES_KEY_ID, "AWS_ACCESS_KEY_ID"),
        (contract.FILES_SECRET_KEY, "AWS_SECRET_ACCESS_KEY"),
    ):
        # optional: an app that makes no files starts in a namespace without it
        ref = {"name": "s3", "key": key, "optional": True}
        assert found[name]["valueFrom"] == {"secretKeyRef": ref}


def test_a_volume_is_mounted(make_runner):
    pod = template(make_runner(files=VOLUME))
    told = json.loads(variables(pod)[contract.FILES]["value"])
    assert told == {"volume": {"publicURL": "https://files.example"}}
    assert contract.FILES_KEY_ID not in variables(pod)
    [mount] = [m for m in containers(pod)["runner"]["volumeMounts"] if m["name"] == "files"]
    assert mount["mountPath"] == contract.FILES_FOLDER
    assert {"name": "files", "persistentVolumeClaim": {"claimName": "files"}} in pod["spec"][
        "volumes"
    ]


def test_without_a_store_there_is_nothing_of_it(make_runner):
    assert template(make_runner(files={})) == template(make_runner())
    assert contract.FILES not in variables(template(make_runner()))


def test_an_app_may_have_a_bucket_of_its_own(make_runner):
    own = [{"name": contract.FILES_KEY_ID, "value": "mine"}]
    assert variables(template(make_runner(files=BUCKET, env=own)))[own[0]["name"]] == own[0]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"store": "bucket"}, "bucket.name and bucket.secret is empty"),
        (VOLUME | {"publicURL": ""}, "publicURL is empty"),
        (BUCKET | {"linkExpiry": "169h"}, "no store signs for more than 168h"),
        ({"store": "disk"}, "bucket"),
    ],
)
def test_a_store_that_is_not_whole_is_refused(given, says):
    with pytest.raises(ValueError, match=says):
        Files.model_validate(given)
