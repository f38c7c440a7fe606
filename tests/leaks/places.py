"""Every place of the cluster where something can be read: objects, events, logs, answers."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import httpx

Object = dict[str, Any]
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_REQUIREMENTS = ("requirements", "requirementLayers")


class Place(StrEnum):
    """Where something was read."""

    OBJECTS = "objects of all kinds but Secrets, as the API server has them"
    EVENTS = "Events"
    MESSAGES = "termination messages"
    BUILD_LOGS = "logs of all containers of builds"
    RUNNER_LOGS = "logs of all containers of apps"
    OPERATOR_LOG = "the operator's log at debug level"
    ANSWERS = "what operator and runners answer on their ports, metrics included"
    MANIFESTS = "manifests in the registry, those of locks and shared layers included"
    CONFIGS = "image configurations with their history"
    LAYERS = "layers, file by file"
    LOCKS = "locks"
    BILLS = "bills of materials"


@dataclass(frozen=True)
class Item:
    """Something that was read."""

    place: Place
    name: str
    content: bytes


def objects(api: httpx.Client, namespaces: Iterable[str]) -> Iterator[Item]:
    """Yield all objects of these namespaces and those of none, but Secrets."""
    for path, resource in _resources(api):
        if resource["name"] == "secrets":
            continue
        if not resource["namespaced"]:
            yield from _listed(api, f"{path}/{resource['name']}", resource["kind"])
            continue
        for namespace in namespaces:
            where = f"{path}/namespaces/{namespace}/{resource['name']}"
            yield from _listed(api, where, resource["kind"])


def _resources(api: httpx.Client) -> Iterator[tuple[str, Object]]:
    paths = [f"/api/{version}" for version in _get(api, "/api")["versions"]]
    for group in _get(api, "/apis")["groups"]:
        paths += [f"/apis/{version['groupVersion']}" for version in group["versions"]]
    for path in paths:
        for resource in _get(api, path)["resources"]:
            if "list" in resource["verbs"]:
                yield path, resource


def _listed(api: httpx.Client, path: str, kind: str) -> Iterator[Item]:
    for found in _get(api, path)["items"]:
        metadata = found["metadata"]
        name = f"{kind} {metadata.get('namespace', '')}/{metadata['name']}"
        place = Place.EVENTS if kind == "Event" else Place.OBJECTS
        yield Item(place, name, json.dumps(without_own_words(kind, found)).encode())
        if kind == "Pod":
            yield from messages(found)


def without_own_words(kind: str, found: Object) -> Object:
    """Return a FalApp without what its user wrote as requirements; other objects as they are."""
    if kind != "FalApp":
        return found
    found = json.loads(json.dumps(found))
    for requirements in _REQUIREMENTS:
        found.get("spec", {}).pop(requirements, None)
    annotations = found["metadata"].get("annotations", {})
    if _APPLIED in annotations:
        applied = without_own_words(kind, json.loads(annotations.pop(_APPLIED)))
        annotations[_APPLIED] = json.dumps(applied)
    return found


def messages(pod: Object) -> Iterator[Item]:
    """Yield what a pod's containers said at their end."""
    status = pod.get("status", {})
    for field in ("initContainerStatuses", "containerStatuses"):
        for container in status.get(field, ()):
            for state in (container.get("state", {}), container.get("lastState", {})):
                if message := state.get("terminated", {}).get("message"):
                    name = f"{pod['metadata']['name']}/{container['name']}"
                    yield Item(Place.MESSAGES, name, message.encode())


def logs(api: httpx.Client, place: Place, pods: Iterable[Object]) -> Iterator[Item]:
    """Yield the logs of all containers that have started."""
    for pod in pods:
        metadata, status = pod["metadata"], pod.get("status", {})
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/log"
        for field in ("initContainerStatuses", "containerStatuses"):
            for container in status.get(field, ()):
                if "waiting" in container.get("state", {}):
                    continue
                answer = api.get(path, params={"container": container["name"]})
                if answer.is_success:  # else the pod has gone since
                    name = f"{metadata['name']}/{container['name']}"
                    yield Item(place, name, answer.content)


def answers(api: httpx.Client, pods: Iterable[Object]) -> Iterator[Item]:
    """Yield what the ports of pods answer."""
    for pod in pods:
        metadata = pod["metadata"]
        for container in pod["spec"]["containers"]:
            for port in container.get("ports", ()):
                for path in ("metrics", "livez", "readyz", "state", "openapi.json", "ready", ""):
                    name = f"{metadata['name']}:{port['containerPort']}"
                    root = f"/api/v1/namespaces/{metadata['namespace']}/pods/{name}/proxy"
                    answer = api.get(f"{root}/{path}")
                    yield Item(Place.ANSWERS, f"{name}/{path}", answer.content)


def pods(api: httpx.Client, namespace: str) -> list[Object]:
    """Return the pods of a namespace."""
    return list(_get(api, f"/api/v1/namespaces/{namespace}/pods")["items"])


def _get(api: httpx.Client, path: str) -> Object:
    answer = api.get(path)
    answer.raise_for_status()
    found: Object = answer.json()
    return found
