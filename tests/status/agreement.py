"""Whether a status says what the table of reasons lets it say."""

from collections.abc import Iterator, Mapping
from typing import Any

from falapp_operator.api.glossary import stands
from falapp_operator.api.reasons import Nature, Reason


def disagreements(kind: str, status: Mapping[str, Any]) -> Iterator[str]:
    """Yield what stands in a status that the table has not, a sentence each."""
    found = {c["type"]: c for c in status["conditions"]}
    for type_, condition in found.items():
        where = stands(Reason(condition["reason"]))
        if condition["status"] not in where.get((kind, type_), ()):
            yield f"{kind} {type_} is {condition['status']} because of {condition['reason']}"
    ready, stalled = found["Ready"], found["Stalled"]
    reason = Reason(ready["reason"])
    nature = reason.building if kind == "Environment" else reason.nature
    if nature is Nature.LIMITED or reason.nature is not reason.building:
        return  # it depends on how often it was tried, or on what it holds up
    if (stalled["status"] == "True") != (nature is Nature.MEND):
        yield f"{kind} is Ready={ready['status']} {reason} with Stalled={stalled['status']}"
