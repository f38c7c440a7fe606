"""The kubeconfig: where the cluster is, who one is there, and which namespace is meant."""

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from kubernetes import client as api
from kubernetes import config
from kubernetes.config.config_exception import ConfigException
from yaml import YAMLError

from falapp_cli.errors import ClusterError, InputError
from falapp_cli.kube import refusals

_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


def connection(context: str) -> tuple[api.ApiClient, str]:
    """Return a way to the cluster by KUBECONFIG, ~/.kube/config or a pod's account; its namespace.

    Args:
        context: The kubeconfig's context; its current one where it is empty.

    Raises:
        InputError: There is no kubeconfig, or it has no such context, or cannot be read.
        ClusterError: The program that it logs in by does not.
    """
    configuration = api.Configuration()
    file = os.environ.get("KUBECONFIG") or "~/.kube/config"
    try:
        namespace = _by_file(configuration, file, context)
        configuration.retries = False
        return api.ApiClient(configuration), namespace
    except ConfigException as error:
        namespace = _inside(configuration, error)
        configuration.retries = False
        return api.ApiClient(configuration), namespace
    # The library takes it for granted that fields are there and are of their types.
    except (OSError, YAMLError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise InputError(
            f"KUBECONFIG: {file} cannot be read ({refusals.words(error)}); correct it, or name "
            "another file"
        ) from error


def _by_file(configuration: api.Configuration, file: str, context: str) -> str:
    """Configure by a kubeconfig; return the context's namespace."""
    contexts, active = config.list_kube_config_contexts(file)
    chosen = next((c for c in contexts if c["name"] == context), None) if context else active
    if chosen is None:
        known = ", ".join(c["name"] for c in contexts) or "none"
        raise InputError(f"--context: there is no {context!r}; the kubeconfig has {known}")
    with _heard() as complaints:
        config.load_kube_config(file, context=chosen["name"], client_configuration=configuration)
    if complaints:
        raise ClusterError(
            f"the login of context {chosen['name']} failed ({complaints[0]}); run what `exec` "
            f"says of its user in {file}, and mend that"
        )
    return str(chosen["context"].get("namespace", ""))


@contextlib.contextmanager
def _heard() -> Iterator[list[str]]:
    """Keep the errors that are logged: after a login that fails, the library goes on as nobody."""
    heard: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: heard.append(" ".join(record.getMessage().split())[:300])  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    try:
        yield heard
    finally:
        logging.getLogger().removeHandler(handler)


def _inside(configuration: api.Configuration, error: ConfigException) -> str:
    """Configure for the pod that this runs in; return its namespace."""
    try:
        config.load_incluster_config(client_configuration=configuration)
    except ConfigException:
        raise InputError(
            f"there is no cluster to talk to ({refusals.words(error)}); set KUBECONFIG or give "
            "--context"
        ) from error
    return _NAMESPACE.read_text()
