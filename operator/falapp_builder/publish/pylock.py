"""What is in an image, as pylock.toml (PEP 751): of each package the one file that is installed."""

from typing import Any

from falapp_builder.pod import toml
from falapp_builder.pod.planned import Package, Plan

MEDIA_TYPE = "application/vnd.falapp.pylock.v1+toml"
NAME = "pylock.toml"


def pylock(plan: Plan) -> bytes:
    """Return the lock of an environment; it holds no credentials, since the plan holds none."""
    packages = sorted(plan.packages, key=lambda package: package.name)
    return toml.lock(_entry(package) for package in packages).encode()


def _entry(package: Package) -> dict[str, Any]:
    return {"name": package.name, "version": package.version} | _source(package)


def _source(package: Package) -> dict[str, Any]:
    if package.kind == "git":
        return {"vcs": toml.vcs(package.repository, package.commit, package.subdirectory)}
    file = toml.file(package.file, package.url, package.size, package.sha256)
    if not package.url:
        # A lock must say where; this says: beside it.
        file = {"path": package.file} | file
    if package.kind == "wheel":
        return {"wheels": [file]}
    if package.kind == "sdist":
        return {"sdist": file}
    folder = {"subdirectory": package.subdirectory} if package.subdirectory else {}
    return {"archive": {key: value for key, value in file.items() if key != "name"} | folder}
