"""What a runner is told of the cluster's store for files."""

import json

from falapp_operator.api import model
from falapp_operator.api.objects import Object
from falapp_operator.api.stores import Files
from falapp_runner import contract

_VOLUME = "files"
_KEYS = {
    contract.FILES_KEY_ID: "AWS_ACCESS_KEY_ID",
    contract.FILES_SECRET_KEY: "AWS_SECRET_ACCESS_KEY",
}
"""The variables of the runner, and the keys of the Secret that hold their values."""


def variables(files: Files) -> list[Object]:
    """Return the runner's variables; they hold no credentials, only where those are.

    An app that makes no files starts without the Secret, too.
    """
    if files.store == "none":
        return []
    made: list[Object] = [{"name": contract.FILES, "value": _told(files)}]
    if files.store == "bucket":
        for name, key in _KEYS.items():
            source = {"name": files.bucket.secret, "key": key, "optional": True}
            made.append({"name": name, "valueFrom": {"secretKeyRef": source}})
    return made


def volumes(files: Files) -> list[Object]:
    """Return the pod's volumes."""
    if files.store != "volume":
        return []
    claim = {"claimName": files.volume.claim_name}
    return [{"name": _VOLUME, "persistentVolumeClaim": claim}]


def mounts(files: Files) -> list[Object]:
    """Return the runner's mounts."""
    if files.store != "volume":
        return []
    return [{"name": _VOLUME, "mountPath": contract.FILES_FOLDER}]


def _told(files: Files) -> str:
    if files.store == "volume":
        return json.dumps({"volume": {"publicURL": files.public_url}})
    bucket = files.bucket.to_object() | {
        "publicURL": files.public_url,
        "linkSeconds": model.seconds(files.link_expiry),
    }
    return json.dumps({"bucket": {key: value for key, value in bucket.items() if value != ""}})
