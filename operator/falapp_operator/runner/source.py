"""The app's files, on their way into its pods.

Whatever the source, the files end up in a ConfigMap of the operator's whose name holds their hash:
a pod never sees files change under it, and a runner of the previous revision that starts once more
starts with its own files.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from falapp_operator.api import meta
from falapp_operator.api.objects import Object, fingerprint
from falapp_operator.runner import child


@dataclass(frozen=True, kw_only=True)
class Files:
    """An app's files."""

    texts: Mapping[str, str]
    """{name: text}."""

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits that tell these files from others."""
        return fingerprint(dict(self.texts), 8)


def config_map_name(app: str, files: Files) -> str:
    """Return the name of the ConfigMap that holds ``files``."""
    return f"{meta.shortened(app, 47)}-source-{files.digest}"


def config_map(app: Object, files: Files) -> Object:
    """Return the ConfigMap that holds ``files`` for the FalApp ``app``."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": child.metadata(app, config_map_name(app["metadata"]["name"], files)),
        "immutable": True,
        "data": dict(files.texts),
    }
