"""Running pip, which is a folder of the builder's: the base image needs none."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from falapp_builder.programs import tool
from falapp_builder.programs.tool import Workshop
from falapp_requirements.options import Options
from falapp_requirements.redact import Redactor


def run(
    place: Workshop,
    python: Path,
    arguments: Sequence[str],
    variables: Mapping[str, str],
    redact: Redactor,
) -> tuple[int, str]:
    """Run pip for the environment that ``python`` is of; give its status and what it said.

    Raises:
        Failure: It cannot be started, or it was killed.
    """
    command = [str(python), str(place.pip), "--no-color", *arguments]
    return tool.run(place, command, variables, redact)


def variables(options: Options) -> dict[str, str]:
    """Return the options that may hold credentials: in pip's environment `ps` shows none."""
    found = {
        "PIP_INDEX_URL": options.index_url,
        "PIP_EXTRA_INDEX_URL": " ".join(options.extra_index_urls),
        "PIP_FIND_LINKS": " ".join(options.find_links),
        "PIP_PRE": "1" if options.prerelease else "",
    }
    return {name: value for name, value in found.items() if value}
