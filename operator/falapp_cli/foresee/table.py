"""A plan, for people."""

from collections.abc import Iterator

from falapp_cli.foresee.changes import CREATE
from falapp_cli.foresee.plan import Foreseen


def lines(made: Foreseen) -> Iterator[str]:
    """Yield the lines of a plan."""
    environment = made.environment
    yield f"Environment  {environment['name']}"
    yield f"  image      {environment['image']}"
    for obj in made.objects:
        if obj["kind"] == "Environment" and obj["metadata"]["name"] != environment["name"]:
            base = obj["metadata"]["name"]
            yield f"  on top of  {base}: the Dockerfile's image, an Environment of its own"
    for layer in environment["requirements"]:
        yield f"  packages   {' '.join(layer)}"
    if environment["profile"]:
        yield f"  profile    {' '.join(environment['profile'].values())}"
    yield "  Dockerfile"
    yield from (f"    {line}" for line in environment["dockerfile"].splitlines())
    yield ""
    changes = made.changes or (CREATE,) * len(made.objects)
    for change, obj in zip(changes, made.objects, strict=True):
        metadata = obj["metadata"]
        where = metadata.get("namespace", "")
        yield f"{change.action:<7} {obj['kind']:<19} {where}/{metadata['name']}{_steps(obj)}"
        yield from (f"          {field}" for field in change.fields)
    for warning in made.warnings:
        field = f"{warning.field}: " if warning.field else ""
        yield f"warning: {warning.reason}: {field}{warning.message}"


def _steps(obj: dict[str, object]) -> str:
    """Return the steps of a build pod, or the image of a runner."""
    spec = obj.get("spec")
    if not isinstance(spec, dict) or obj["kind"] not in ("Job", "Deployment"):
        return ""
    pod = spec["template"]["spec"]
    if obj["kind"] == "Job":
        names = (c["name"] for c in (*pod["initContainers"], *pod["containers"]))
        return f"  ({' → '.join(names)})"
    limits = pod["containers"][0]["resources"].get("limits", {})
    return f"  ({', '.join(f'{k} {v}' for k, v in limits.items())})"
