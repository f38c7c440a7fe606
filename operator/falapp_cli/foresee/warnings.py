"""What should be known of an app before it is applied."""

from collections.abc import Iterator
from dataclasses import dataclass

from falapp_operator.api.conditions import Reason
from falapp_operator.api.falapp import FalAppSpec
from falapp_operator.api.objects import Object
from falapp_operator.environment import manifest
from falapp_requirements import redact, urls

_ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz")


@dataclass(frozen=True, kw_only=True)
class Warning:  # noqa: A001 - it is one, and read as warnings.Warning
    """Something to know."""

    reason: str
    """One word in CamelCase."""
    message: str
    """One sentence."""
    field: str = ""
    """The field that it is about; empty where it is none."""

    def to_value(self) -> dict[str, str]:
        """Return it as `falapp plan -o json` has it."""
        return {"reason": self.reason, "message": self.message, "field": self.field}


def of(app: Object, spec: FalAppSpec) -> Iterator[Warning]:
    """Yield the warnings of an app that the operator would take."""
    field = "spec.requirementLayers" if spec.requirement_layers else "spec.requirements"
    for item in manifest.exposed_by(spec):
        yield Warning(
            reason=str(Reason.LITERAL_CREDENTIALS),
            field=field,
            message=f"{item} holds a credential, for everybody to see who can read the FalApp; put "
            "it into a Secret and write ${NAME} in its place",
        )
    for number, layer in enumerate(spec.layers):
        for position, token in enumerate(layer):
            where = f"[{number}][{position}]" if spec.requirement_layers else f"[{position}]"
            yield from _from_source(token, field + where)


def _from_source(token: str, field: str) -> Iterator[Warning]:
    direct = urls.direct(token)
    if direct is None or token.startswith("-"):
        return
    path = direct.url.partition("#")[0].partition("?")[0].lower()
    if path.startswith("git+") or path.endswith(_ARCHIVES):
        yield Warning(
            reason="BuiltFromSource",
            field=field,
            message=f"{redact.item(token)} is built from source: its layer is this namespace's "
            "own, and shared with nobody",
        )
