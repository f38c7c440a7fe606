"""The key of an environment: what is the same has the same key, on every cluster.

The key is the SHA-256 of canonical JSON with a version inside. It names the Environment, its build
Job and the tag in the registry. Changing what goes in means a new `VERSION`: every environment is
then built once more, and no old one is taken for a new one.

Where credentials are used, the namespace goes in, too: nobody gets another tenant's private
packages by typing the same names. Their values never do: a rotated token rebuilds nothing.
"""

import hashlib
import json
import re

from falapp_operator.api.environment import EnvironmentSpec

VERSION = 1
_NAME = re.compile(r"env-[0-9a-f]{16}")


def is_private(spec: EnvironmentSpec) -> bool:
    """Return whether an environment is its namespace's alone, since credentials open it."""
    return bool(spec.pull_secret) or any("${" in t for layer in spec.layers for t in layer)


def canonical(spec: EnvironmentSpec, namespace: str) -> str:
    """Return the text that is hashed."""
    content = {
        "version": VERSION,
        "base": spec.base_image or "",
        "python": spec.python_version or "",
        "platform": spec.platform,
        "resolver": spec.resolver,
        "layers": spec.layers,
        "secrets": [secret.to_object() for secret in spec.secrets],
        "pullSecret": spec.pull_secret or "",
    }
    if spec.profile:  # left out without one: what has none keeps its key
        content["profile"] = spec.profile.to_object()
    if spec.dockerfile:
        content["dockerfile"] = spec.dockerfile.to_object()
    # What a Dockerfile runs may do anything, also to what it leaves in the cache of layers.
    if spec.dockerfile or is_private(spec):
        content["namespace"] = namespace
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def key(spec: EnvironmentSpec, namespace: str) -> str:
    """Return the key of a spec in a namespace: 64 hexadecimal digits."""
    return hashlib.sha256(canonical(spec, namespace).encode()).hexdigest()


def name(spec: EnvironmentSpec, namespace: str) -> str:
    """Return the name of the Environment and its build Job: ``env-`` and 16 digits of the key."""
    return f"env-{key(spec, namespace)[:16]}"


def cache(namespace: str) -> str:
    """Return what the tags of a namespace's cached layers of Dockerfiles begin with."""
    return f"cache-{hashlib.sha256(namespace.encode()).hexdigest()[:32]}"


def is_name(text: str) -> bool:
    """Return whether ``text`` could be the name of an Environment and its build."""
    return _NAME.fullmatch(text) is not None


def tag(spec: EnvironmentSpec, namespace: str) -> str:
    """Return the tag under which the registry has the image: ``env-`` and the whole key."""
    return f"env-{key(spec, namespace)}"
