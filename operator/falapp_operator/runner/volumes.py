"""The volumes that a FalApp gives its runners.

A pod that names a missing Secret or ConfigMap as a volume waits without a word: only an event tells
why. So they are optional for the kubelet, and an init container looks whether they are there.
"""

import json

from falapp_operator.api.conditions import Reason
from falapp_operator.api.objects import Object
from falapp_operator.api.volume import Volume
from falapp_runner import contract

_PREFIX = "volume-"
_CHECKED = "/falapp/volumes"


def volume(given: Volume) -> Object:
    """Return the pod's volume."""
    made: Object = {"name": _PREFIX + given.name}
    if given.persistent_volume_claim:
        made["persistentVolumeClaim"] = {"claimName": given.persistent_volume_claim.claim_name}
    elif given.secret:
        made["secret"] = {"secretName": given.secret.secret_name, "optional": True}
    elif given.config_map:
        made["configMap"] = {"name": given.config_map.name, "optional": True}
    return made


def mount(given: Volume) -> Object:
    """Return the runner's mount."""
    made: Object = {"name": _PREFIX + given.name, "mountPath": given.mount_path}
    if given.read_only or not given.persistent_volume_claim:
        made["readOnly"] = True
    return made


def checked(given: Volume) -> list[Object]:
    """Return the mounts of the init container that looks."""
    if given.persistent_volume_claim:
        return []
    where = f"{_CHECKED}/{given.name}"
    return [{"name": _PREFIX + given.name, "mountPath": where, "readOnly": True}]


def check(given: Volume) -> list[str]:
    """Return the lines of its script."""
    if given.secret:
        reason, kind, name = Reason.SECRET_NOT_FOUND, "Secret", given.secret.secret_name
    elif given.config_map:
        reason, kind, name = Reason.CONFIG_MAP_NOT_FOUND, "ConfigMap", given.config_map.name
    else:
        return []
    message = (
        f"spec.volumes: {given.name}: there is no {kind} {name} with a key in it; create it and"
        " the runner starts by itself"
    )
    report = json.dumps({"reason": reason.value, "message": message})
    return [
        f'[ -n "$(ls {_CHECKED}/{given.name})" ] || {{',
        f"  echo '{report}' > {contract.TERMINATION_LOG}",
        "  exit 1",
        "}",
    ]
