"""The values of variables: files of a Secret, mounted where they are needed and nowhere else."""

from collections.abc import Iterable

from falapp_builder.pod.places import Places


def read(places: Places, names: Iterable[str]) -> dict[str, str]:
    """Return the values of variables; what has no file has no value."""
    found: dict[str, str] = {}
    for name in names:
        path = places.secrets / name
        if path.is_file():
            found[name] = path.read_bytes().decode("utf-8", "replace")
    return found
