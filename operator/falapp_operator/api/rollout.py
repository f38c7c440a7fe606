"""How runners of a new revision take the places of former ones, in the terms of a Deployment."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from falapp_operator.api import model

IntOrPercent = (
    Annotated[int, Field(strict=True, ge=0, le=10000)]
    | Annotated[str, Field(max_length=4, pattern=r"^(0|[1-9][0-9]?|100)%$")]
)
"""So many runners, or that share of them, as 25%."""

_NONE = (0, "0%")
_BOTH = "has(self.maxSurge) && has(self.maxUnavailable)"


def _is_none(field: str) -> str:
    return f"(self.{field} == 0 || self.{field} == '0%')"


class Rollout(model.Model):
    """How runners of a new revision take the places of former ones."""

    model_config = ConfigDict(
        json_schema_extra={
            "cel": [
                model.cel(
                    f"!({_BOTH} && {_is_none('maxSurge')} && {_is_none('maxUnavailable')})",
                    "maxSurge and maxUnavailable are both 0, so no runner could ever be replaced;"
                    " let one of them be more",
                    lambda it: not {it.get("maxSurge"), it.get("maxUnavailable")} <= {*_NONE},
                ),
                model.cel(
                    "!has(self.type) || self.type != 'Recreate'"
                    " || !(has(self.maxSurge) || has(self.maxUnavailable))",
                    "maxSurge and maxUnavailable are for RollingUpdate; Recreate takes none",
                    lambda it: (
                        it.get("type") != "Recreate"
                        or not ("maxSurge" in it or "maxUnavailable" in it)
                    ),
                ),
            ]
        }
    )

    type: Literal["RollingUpdate", "Recreate"] | None = None
    """RollingUpdate, when left out, or Recreate: all former runners end before a new one starts."""
    max_surge: IntOrPercent | None = None
    """How many runners there may be beyond replicas, rounded up; when left out 0 with GPUs and else
    1, and 1 where maxUnavailable is 0."""
    max_unavailable: IntOrPercent | None = None
    """How many of the replicas may be missing, rounded down; when left out 0, and 1 where maxSurge
    is 0."""

    def limits(self, *, gpu: bool) -> tuple[int | str, int | str]:
        """Return maxSurge and maxUnavailable; of what is left out, never both are none.

        A second GPU may not exist, so GPU apps make room first; the others never serve with less.
        """
        surge, unavailable = self.max_surge, self.max_unavailable
        if surge is None:
            surge = 0 if gpu and unavailable not in _NONE else 1
        if unavailable is None:
            unavailable = 1 if surge in _NONE else 0
        return surge, unavailable
