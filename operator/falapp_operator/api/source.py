"""Where an app's files come from, as its users write it."""

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import ConfigDict, Field

from falapp_operator.api import model

FileName = Annotated[str, Field(max_length=253)]

INLINE_BYTES = 1_000_000
"""How much text of a FalApp a ConfigMap takes. A rule would count it as characters."""

_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


def size(texts: Iterable[str]) -> int:
    """Return how many bytes texts are in UTF-8, as a ConfigMap counts them."""
    return sum(len(text.encode()) for text in texts)


class ConfigMapSource(model.Model):
    """Files from a ConfigMap in the FalApp's namespace."""

    name: model.Name
    """The ConfigMap's name; each of its keys is a file."""


class SecretRef(model.Model):
    """A Secret in the FalApp's namespace."""

    name: model.Name
    """The Secret's name."""


class GitSource(model.Model):
    """Files from a git repository."""

    model_config = ConfigDict(
        json_schema_extra={
            "cel": [
                model.cel(
                    "!has(self.path) || !self.path.split('/').exists(p, p == '..')",
                    "path: a folder in the repository, without '..'",
                    lambda it: ".." not in it.get("path", "").split("/"),
                )
            ]
        }
    )

    url: Annotated[str, Field(max_length=1024, pattern=r"^https?://[^\s/@?#]+/[^\s?#]+$")]
    """The repository, as https://git.example/team/apps.git; a login belongs into secretRef."""
    ref: Annotated[
        str | None, Field(min_length=1, max_length=255, pattern=r"^[^\s~^:?*\[\\-][^\s~^:?*\[\\]*$")
    ] = None
    """A tag, a branch or a full commit; the repository's default branch when left out."""
    path: Annotated[str | None, Field(max_length=512, pattern=r"^[^\s/\\][^\s\\]*$")] = None
    """The folder that holds the app's files; the whole repository when left out."""
    secret_ref: SecretRef | None = None
    """A Secret with `token`, or with `username` and `password`."""

    @property
    def commit(self) -> str:
        """The commit that `ref` gives in full; empty where it names a tag or a branch."""
        return self.ref if self.ref and _COMMIT.fullmatch(self.ref) else ""


class ImageSource(model.Model):
    """Files from a container image."""

    name: model.ImageReference
    """The image, by digest where its tag may move; it holds sh and cp."""
    path: Annotated[str, Field(max_length=512, pattern=r"^/[A-Za-z0-9._/-]+$")] = "/app"
    """The folder in it that holds the app's files, which everybody may read."""
    pull_secret: model.Name | None = None
    """A Secret of type kubernetes.io/dockerconfigjson beside the FalApp, to pull it with."""


class Source(model.Model):
    """Where the app's files come from: exactly one of its fields."""

    model_config = ConfigDict(
        json_schema_extra={
            "cel": [
                model.cel(
                    "[has(self.inline), has(self.configMap), has(self.git), has(self.image)]"
                    ".filter(given, given).size() == 1",
                    "give exactly one of inline, configMap, git and image",
                    model.one_of("inline", "configMap", "git", "image"),
                ),
                model.cel(
                    "!has(self.inline) || "
                    "self.inline.all(f, f.matches('^[A-Za-z0-9_][A-Za-z0-9._-]*$'))",
                    "inline: a file name may hold letters, digits, '.', '_' and '-', and no folder",
                    lambda it: all(map(_FILE.fullmatch, it.get("inline", ()))),
                ),
                model.cel(
                    "!has(self.inline) || "
                    f"self.inline.map(f, size(self.inline[f])).sum() <= {INLINE_BYTES}",
                    f"inline: the files together hold at most {INLINE_BYTES:,} characters, "
                    "which is what a ConfigMap takes",
                    lambda it: sum(map(len, it.get("inline", {}).values())) <= INLINE_BYTES,
                ),
            ]
        }
    )

    inline: Annotated[
        dict[FileName, Annotated[str, Field(max_length=262144)]] | None,
        Field(min_length=1, max_length=64),
    ] = None
    """The files themselves, as {name: text}."""
    config_map: ConfigMapSource | None = None
    """A ConfigMap that holds the files."""
    git: GitSource | None = None
    """A git repository that holds the files."""
    image: ImageSource | None = None
    """A container image that holds the files."""


class SourceStatus(model.Model):
    """The commit that runners are given."""

    url: Annotated[str, Field(max_length=1024)]
    """The repository."""
    ref: Annotated[str, Field(max_length=255)] = ""
    """The tag or branch that was asked for; empty for the default branch."""
    commit: Annotated[str, Field(max_length=64)]
    """The commit that it was."""
