"""Packages of the PyTorch family, from the index that the machine type's profile names.

What else is at such an index (old versions of numpy, a few of markupsafe's wheels) is not what
anybody wants. uv can be told which packages to take from an index, by a project's file alone, and
for that project's own dependencies alone: so who has chosen one of the family in passing is asked
again, with it among them. pip cannot be told, so it is looked at what it chose.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.resolve import probe
from falapp_builder.resolve.lock import Package
from falapp_requirements import pytorch
from falapp_requirements.options import Options
from falapp_requirements.tokens import Arguments

FILE = "profile/pyproject.toml"
"""Where uv finds the project: it takes no other name."""
_PROJECT = "falapp-profile"
_ERROR = 500
_WORD = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_ABOUT_VERSIONS = (
    Reason.PACKAGE_NOT_FOUND,
    Reason.RESOLUTION_IMPOSSIBLE,
    Reason.NO_MATCHING_WHEEL,
)


def index(given: str, arguments: Arguments, earlier: Iterable[Arguments]) -> str:
    """Return the index that a layer's packages of the family come from; empty where none is meant.

    Args:
        given: The profile's.
        arguments: The layer; an index of its own is the only one.
        earlier: The layers before it: what they took from there must not be replaced.
    """
    if not given or pytorch.has_index(arguments):
        return ""
    before = any(pytorch.asked(a) and not pytorch.has_index(a) for a in earlier)
    return given if before or pytorch.asked(arguments) else ""


def project(names: Iterable[str], address: str) -> str:
    """Return a project that needs packages from an index, which has nothing else to give."""
    lines = ["[project]", f'name = "{_PROJECT}"', 'version = "0"']
    lines += [f"dependencies = {json.dumps(sorted(names))}", "[[tool.uv.index]]"]
    lines += ['name = "profile"', f"url = {json.dumps(address)}", "explicit = true"]
    lines += ["[tool.uv.sources]", *(f'{name} = {{ index = "profile" }}' for name in sorted(names))]
    return "".join(f"{line}\n" for line in lines)


def plainly(said: str) -> str:
    """Return what uv says in the words that it has where there is no project."""
    return said.replace(f"{_PROJECT} depends on", "you require")


def chosen(packages: Iterable[Package]) -> frozenset[str]:
    """Return the packages of the family that come from some index, by name."""
    return pytorch.FAMILY & {package.name for package in packages if not package.direct}


def beside(options: Options, address: str) -> Options:
    """Return options with the profile's index, if there is one."""
    if not address:
        return options
    return replace(options, extra_index_urls=(address, *options.extra_index_urls))


def check(packages: Iterable[Package], address: str, variables: Mapping[str, str]) -> None:
    """Refuse what came from elsewhere, since the best version of all indexes was another one's.

    Args:
        packages: What was chosen, with the pages that had it.
        address: The profile's index.
        variables: The environment of installers, which says whom to trust.

    Raises:
        Failure: A package of the family is not from the profile's index.
    """
    root = address.rstrip("/")
    for package in packages:
        if package.name not in pytorch.FAMILY or package.direct:
            continue
        if package.page.startswith(f"{root}/"):
            continue
        code, landed = probe.answer(f"{root}/{package.name}/", variables)
        if not landed or landed.rstrip("/") != package.page.rstrip("/"):
            raise _elsewhere(package, root, code)


def _elsewhere(package: Package, root: str, code: int) -> Failure:
    host = urlsplit(root).netloc
    if code == 0 or code >= _ERROR:
        what = f"answered with an error ({code})" if code else "did not answer"
        message = f"{package.name}: {host} {what}; check that builds can reach it"
        return Failure(Reason.INDEX_UNREACHABLE, message)
    if code in probe.REFUSED:
        return Failure(Reason.ACCESS_DENIED, f"{package.name}: {host} refused access ({code})")
    message = (
        f"{package.name}: {host} has no version {package.version}, which is the best elsewhere;"
        " ask for a version that it has"
    )
    return Failure(Reason.PACKAGE_NOT_FOUND, message)


def explained(failure: Failure, address: str) -> Failure:
    """Return a failure that says who named the profile's index, where it is about that one."""
    about = pytorch.FAMILY if failure.reason in _ABOUT_VERSIONS else {urlsplit(address).hostname}
    if not address or about.isdisjoint(_WORD.findall(failure.message.lower())):
        return failure
    message = (
        f"{failure.message}; {address} is spec.profile.pytorchIndex of the app's MachineType, and"
        " an --extra-index-url of the app's own would take its place"
    )
    return Failure(failure.reason, message, failure.log)
