"""What a runner finds in its file system besides the app, and in its environment."""

import re
from typing import Annotated

from pydantic import ConfigDict, Field

from falapp_operator.api import model

_OWN = re.compile("^/((app|falapp|dev|proc|sys|etc|tmp|usr|bin|sbin|lib|lib64|opt/env)(/|$)|opt$)")
"""What a volume would hide of the runner's: /opt has the Python of its environment."""


class Claim(model.Model):
    """A PersistentVolumeClaim in the FalApp's namespace."""

    claim_name: model.Name
    """Its name."""


class SecretFiles(model.Model):
    """A Secret in the FalApp's namespace, whose keys are files."""

    secret_name: model.Name
    """Its name."""


class ConfigMapFiles(model.Model):
    """A ConfigMap in the FalApp's namespace, whose keys are files."""

    name: model.Name
    """Its name."""


class Volume(model.Model):
    """A folder of the runners that comes from outside: exactly one kind of volume."""

    model_config = ConfigDict(
        json_schema_extra={
            "cel": [
                model.cel(
                    "[has(self.persistentVolumeClaim), has(self.secret), has(self.configMap)]"
                    ".filter(given, given).size() == 1",
                    "give exactly one of persistentVolumeClaim, secret and configMap",
                    model.one_of("persistentVolumeClaim", "secret", "configMap"),
                ),
                model.cel(
                    f"!self.mountPath.matches('{_OWN.pattern}')"
                    " && !self.mountPath.split('/').exists(p, p == '.' || p == '..')",
                    "mountPath: the runner has its own there; take another folder, as /data",
                    lambda it: (
                        not _OWN.match(it["mountPath"])
                        and not {".", ".."} & set(it["mountPath"].split("/"))
                    ),
                ),
            ]
        }
    )

    name: Annotated[str, Field(max_length=55, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    """What it is called in the pod."""
    mount_path: Annotated[str, Field(max_length=512, pattern=r"^(/[A-Za-z0-9_.-]+)+$")]
    """The folder, as /data."""
    read_only: bool = False
    """Whether runners may not write to it; Secrets and ConfigMaps never can be written to."""
    persistent_volume_claim: Claim | None = None
    """Storage that stays, for weights and caches; several runners need ReadWriteMany."""
    secret: SecretFiles | None = None
    """Files that are secret."""
    config_map: ConfigMapFiles | None = None
    """Files that are not."""


class ObjectRef(model.Model):
    """An object in the FalApp's namespace."""

    name: model.Name
    """Its name."""


class EnvFrom(model.Model):
    """All keys of a Secret or ConfigMap as environment variables: exactly one of the two."""

    model_config = ConfigDict(
        json_schema_extra={
            "cel": [
                model.cel(
                    "has(self.secretRef) != has(self.configMapRef)",
                    "give exactly one of secretRef and configMapRef",
                    model.one_of("secretRef", "configMapRef"),
                )
            ]
        }
    )

    prefix: Annotated[str | None, Field(max_length=128, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] = None
    """What the variables' names begin with, before the key."""
    secret_ref: ObjectRef | None = None
    """A Secret."""
    config_map_ref: ObjectRef | None = None
    """A ConfigMap."""
