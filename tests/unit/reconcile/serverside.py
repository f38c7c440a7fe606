"""How the API server merges what is applied with what it has, and what it adds and drops."""

_KEYS = ("uid", "name", "containerPort", "type")
_CANONICAL = {"0.5": "500m", "1000m": "1", "1024Mi": "1Gi", "1.5Gi": "1536Mi"}


def _key(items):
    for key in _KEYS:
        if items and all(isinstance(i, dict) and key in i for i in items):
            return key
    return None


def merged(old, new):
    if isinstance(old, dict) and isinstance(new, dict):
        return old | {k: merged(old[k], v) if k in old else v for k, v in new.items()}
    if isinstance(old, list) and isinstance(new, list) and (key := _key([*old, *new])):
        before = {i[key]: i for i in old}
        mine = [merged(before.get(i[key], {}), i) for i in new]
        others = [i for i in old if i[key] not in {m[key] for m in mine}]
        return [*mine, *others]
    return new


def without(live, before, desired):
    """Return ``live`` without what was applied before and is not any more."""
    if isinstance(live, dict) and isinstance(before, dict) and isinstance(desired, dict):
        return {
            k: without(v, before[k], desired[k]) if k in before and k in desired else v
            for k, v in live.items()
            if not (k in before and k not in desired)
        }
    if isinstance(live, list) and isinstance(before, list) and isinstance(desired, list):
        key = _key([*live, *before, *desired])
        if key:
            gone = {i[key] for i in before} - {i[key] for i in desired}
            old, new = ({i[key]: i for i in items} for items in (before, desired))
            return [
                without(i, old.get(i[key], {}), new.get(i[key], {}))
                for i in live
                if i[key] not in gone
            ]
    return live


def clashes(live, desired, before):
    """Return whether somebody else set a field that ``desired`` would change."""
    if isinstance(live, dict) and isinstance(desired, dict):
        before = before if isinstance(before, dict) else {}
        return any(clashes(live[k], v, before.get(k)) for k, v in desired.items() if k in live)
    return live not in (desired, before)


def dropped(value, *, keep_empty):
    """Return ``value`` as it is stored: Go leaves out empty texts and lists, CRDs keep them."""
    if isinstance(value, dict):
        return {
            k: dropped(v, keep_empty=keep_empty)
            for k, v in value.items()
            if keep_empty or v not in ("", [])
        }
    if isinstance(value, list):
        return [dropped(v, keep_empty=keep_empty) for v in value]
    return value


def defaulted(obj):
    if obj["kind"] == "Deployment":
        return _defaulted_deployment(obj)
    if obj["kind"] == "Service":
        addresses = {"clusterIP": "10.96.0.7", "clusterIPs": ["10.96.0.7"]}
        families = {"ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack"}
        more = {"sessionAffinity": "None", "internalTrafficPolicy": "Cluster"}
        return obj | {"spec": addresses | families | more | obj["spec"]}
    return obj


def _defaulted_deployment(obj):
    obj["metadata"].setdefault("annotations", {})["deployment.kubernetes.io/revision"] = "1"
    template = obj["spec"]["template"]
    defaults = {
        "restartPolicy": "Always",
        "dnsPolicy": "ClusterFirst",
        "schedulerName": "default-scheduler",
    }
    pod = template["spec"] = defaults | template["spec"]
    for container in (*pod["initContainers"], *pod["containers"]):
        container.setdefault("imagePullPolicy", "IfNotPresent")
        container.setdefault("terminationMessagePath", "/dev/termination-log")
        container.setdefault("terminationMessagePolicy", "File")
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            if probe in container:
                container[probe].setdefault("successThreshold", 1)
        for amounts in container["resources"].values():
            amounts.update({k: _CANONICAL.get(v, v) for k, v in amounts.items()})
    for volume in pod["volumes"]:
        if "configMap" in volume:
            volume["configMap"].setdefault("defaultMode", 420)
    return obj
