"""Secrets with the login of a registry, as `kubectl create secret docker-registry` makes them."""

import base64
import json
from typing import Any

from tests.kube import install


def login_secret(name: str, place: str, user: str, password: str) -> dict[str, Any]:
    """Return the Secret of a login; ``place`` is a registry, or a path of one."""
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "labels": install.MADE},
        "type": "kubernetes.io/dockerconfigjson",
        "stringData": {".dockerconfigjson": json.dumps({"auths": {place: {"auth": auth}}})},
    }
