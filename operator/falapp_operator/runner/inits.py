"""What runs before the runner: the runtime and the app's files are brought to where it finds them.

A shell that is the first process of a container ignores SIGTERM unless it is told otherwise, and a
pod may have a long grace period: whatever may take a while is waited for.
"""

from collections.abc import Iterable

from falapp_operator.api.objects import Object
from falapp_operator.api.volume import Volume
from falapp_operator.runner import volumes
from falapp_operator.runner.source import CERTIFICATES, Checkout, Copy
from falapp_runner import contract

RUNTIME = "runtime"
SOURCE = "source"
TMP = "/tmp"  # noqa: S108 - in the pod, a volume of its own
_TRUST = "/falapp/trust"
_APP = {"name": "app", "mountPath": contract.COPIED}


def runtime(image: str, source: str, mounted: Iterable[Volume]) -> Object:
    """Copy the runtime, and the files of the ConfigMap ``source`` if there is one."""
    script = [f"cp -r {contract.RUNTIME_IN_IMAGE}/. {contract.RUNTIME}/"]
    mounts: list[Object] = [{"name": "runtime", "mountPath": contract.RUNTIME}]
    if source:
        # A ConfigMap volume is a set of symbolic links, beside folders that begin with two dots.
        script += [
            f"for file in {contract.SOURCE}/* {contract.SOURCE}/.[!.]*; do",
            f'  [ ! -f "$file" ] || cp -L "$file" {contract.COPIED}/',
            "done",
        ]
        mounts += [{"name": "source", "mountPath": contract.SOURCE, "readOnly": True}, _APP]
    for volume in mounted:
        script += volumes.check(volume)
        mounts += volumes.checked(volume)
    return {
        "name": RUNTIME,
        "image": image,
        "command": ["/bin/sh", "-ec", "\n".join(script)],
        "volumeMounts": mounts,
    }


def checkout(code: Checkout, *, trust: bool) -> Object:
    """Clone a commit; the login is in the environment of this container alone.

    Args:
        code: What to clone.
        trust: Whether the pod's source volume holds certificates.
    """
    variables = {
        contract.GIT_URL: code.url,
        contract.GIT_COMMIT: code.commit,
        contract.GIT_PATH: code.path,
        contract.GIT_AUTHORITY: f"{_TRUST}/{CERTIFICATES}" if trust else "",
    }
    made: Object = {
        "name": SOURCE,
        "image": code.image,
        "command": ["/opt/falapp/bin/python", "-m", "falapp_builder.source"],
        # The kubelet puts variables in place of $(NAME), the login's among them, and makes $ of $$.
        "env": [
            {"name": name, "value": value.replace("$", "$$")}
            for name, value in variables.items()
            if value
        ],
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [_APP, {"name": "tmp", "mountPath": TMP}],
    }
    if code.secret:
        secret = {"name": code.secret}
        made["envFrom"] = [{"prefix": contract.GIT_SECRET_PREFIX, "secretRef": secret}]
    if trust:
        made["volumeMounts"].append({"name": "source", "mountPath": _TRUST, "readOnly": True})
    return made


def copy(code: Copy) -> Object:
    """Copy a folder of an image."""
    script = f"trap 'exit 143' TERM\ncp -R {code.path}/. {contract.COPIED}/ &\nwait $!"
    return {
        "name": SOURCE,
        "image": code.image,
        # A private image that the node has for somebody else is nobody's to use.
        "imagePullPolicy": "Always",
        "command": ["/bin/sh", "-ec", script],
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [_APP],
    }
