"""Running uv."""

from collections.abc import Mapping, Sequence

from falapp_builder.programs import tool
from falapp_builder.programs.tool import Workshop
from falapp_requirements.redact import Redactor


def run(
    place: Workshop, arguments: Sequence[str], variables: Mapping[str, str], redact: Redactor
) -> tuple[int, str]:
    """Run uv and return its exit status and what it said, redacted.

    Raises:
        Failure: It cannot be started, or it was killed.
    """
    return tool.run(place, [str(place.uv), "--color", "never", *arguments], variables, redact)
