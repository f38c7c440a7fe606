"""Objects as rows and lines for people. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime

from falapp_operator.api.objects import Object

APPS = ("NAME", "READY", "REASON", "MACHINE", "REPLICAS", "AGE", "URL")
ENVIRONMENTS = ("NAME", "READY", "REASON", "PACKAGES", "BUILT", "REUSED", "SIZE", "AGE")
MACHINES = ("NAME", "CPU", "MEMORY", "GPU", "NODES")


def app_row(app: Object, now: datetime) -> tuple[str, ...]:
    """Return a FalApp's row under `APPS`."""
    status, spec = app.get("status") or {}, app["spec"]
    ready = _condition(app, "Ready")
    return (
        app["metadata"]["name"],
        ready.get("status", "Unknown"),
        ready.get("reason", "Pending"),
        spec.get("machineType", "S"),
        f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 1)}",
        age(app, now),
        status.get("url", ""),
    )


def app_lines(app: Object) -> Iterator[str]:
    """Yield what there is to know of an app."""
    status, metadata = app.get("status") or {}, app["metadata"]
    yield f"{metadata['name']} in namespace {metadata['namespace']}"
    if status.get("observedGeneration", 0) < metadata.get("generation", 0):
        yield "  the operator has not looked at the newest spec yet"
    for condition in status.get("conditions", ()):
        message = f": {condition['message']}" if condition.get("message") else ""
        yield (f"  {condition['type']:<17} {condition['status']:<8} {condition['reason']}{message}")
    if status.get("environment"):
        yield f"  {'environment':<17} {status['environment']['name']}"
    if status.get("url"):
        yield f"  {'url':<17} {status['url']}"
    failure = status.get("failure") or {}
    if failure.get("logTail"):
        yield "  the lines that matter:"
        yield from (f"    {line}" for line in failure["logTail"].splitlines())
    if failure.get("command"):
        yield f"  more: {failure['command']}"


def environment_row(environment: Object, now: datetime) -> tuple[str, ...]:
    """Return an Environment's row under `ENVIRONMENTS`."""
    status, ready = environment.get("status") or {}, _condition(environment, "Ready")
    return (
        environment["metadata"]["name"],
        ready.get("status", "Unknown"),
        ready.get("reason", "Pending"),
        str(status.get("packages", 0)),
        str(status.get("layersBuilt", 0)),
        str(status.get("layersReused", 0)),
        size(status.get("size", 0)),
        age(environment, now),
    )


def environment_lines(environment: Object) -> Iterator[str]:
    """Yield what there is to know of an environment."""
    spec, status = environment["spec"], environment.get("status") or {}
    yield environment["metadata"]["name"]
    for condition in status.get("conditions", ()):
        yield f"  {condition['type']:<10} {condition['status']:<8} {condition['reason']}: " + (
            condition.get("message", "")
        )
    yield f"  base       {spec.get('baseImage') or 'a Dockerfile of its own'}"
    yield f"  python     {spec.get('pythonVersion', '')}"
    yield from (f"  packages   {' '.join(layer)}" for layer in spec.get("layers", ()))
    for field in ("image", "lock"):
        if status.get(field):
            yield f"  {field:<10} {status[field]}"


def machine_row(machine: Object) -> tuple[str, ...]:
    """Return a MachineType's row under `MACHINES`."""
    spec = machine["spec"]
    gpu = spec.get("gpu")
    count = f"{gpu.get('count', 1)} {gpu.get('resource', 'nvidia.com/gpu')}" if gpu else ""
    terms = len(spec.get("nodeSelectorTerms", ()))
    counted = (machine.get("status") or {}).get("nodes")
    labels = f"of {terms} kinds of labels" if terms else "any"
    return (
        machine["metadata"]["name"],
        str(spec["cpu"]),
        str(spec["memory"]),
        count,
        labels if counted is None else str(counted),
    )


def age(obj: Object, now: datetime) -> str:
    """Return how long ago an object was made, as kubectl does: 48s, 5m, 3h, 9d."""
    made = obj["metadata"].get("creationTimestamp")
    if not made:
        return ""
    seconds = max(0, int((now - datetime.fromisoformat(made)).total_seconds()))
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def size(count: int) -> str:
    """Return bytes as people read them."""
    if count < 1 << 20:
        return f"{count >> 10} KiB" if count else ""
    return f"{count / (1 << 20):.0f} MiB" if count < 1 << 30 else f"{count / (1 << 30):.1f} GiB"


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def _condition(obj: Object, kind: str) -> Object:
    found = (obj.get("status") or {}).get("conditions", ())
    return next((c for c in found if c["type"] == kind), {})
