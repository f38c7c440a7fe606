"""The app's files, on their way into its pods.

A pod never sees files change under it, and a runner of the previous revision that starts once more
starts with its own files: inline files and those of a ConfigMap end up in a ConfigMap of the
operator's whose name holds their hash, and a branch of a git repository is the commit that it was
when the revision was made.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from falapp_operator.api import meta
from falapp_operator.api.objects import Object, fingerprint
from falapp_operator.runner import child

TRUST = "ca"
CERTIFICATES = "ca.crt"
"""A git source's ConfigMap, and the file in it: whom git trusts besides its own authorities.

It is no part of the revision, since the cluster's authorities change with no runner to restart.
"""


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """A commit of a git repository, cloned by an init container."""

    url: str
    commit: str
    path: str = ""
    """The folder in it; all of it when empty."""
    secret: str = ""
    """The Secret in the app's namespace with the login; none when empty."""
    image: str
    """What has git: the builder."""


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A folder of an image, copied by an init container."""

    image: str
    path: str


@dataclass(frozen=True, kw_only=True)
class Files:
    """An app's files."""

    texts: Mapping[str, str]
    """{name: text}."""
    name: str = ""
    """What they are called if they may change under a pod; their hash otherwise."""

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits that tell these files from others."""
        return fingerprint(dict(self.texts), 8)


def config_map_name(app: str, files: Files) -> str:
    """Return the name of the ConfigMap that holds ``files``."""
    return f"{meta.shortened(app, 47)}-source-{files.name or files.digest}"


def config_map(app: Object, files: Files) -> Object:
    """Return the ConfigMap that holds ``files`` for the FalApp ``app``."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": child.metadata(app, config_map_name(app["metadata"]["name"], files)),
        "immutable": not files.name,
        "data": dict(files.texts),
    }
