"""What uv says, and what it means: a table of patterns, the most telling first.

Collected from uv 0.13.9 (tests/unit/builder/samples holds the texts). A sentence may use the names
of its pattern's groups, and `{who}`: the requirements at fault, as the user wrote them.
"""

import re
from dataclasses import dataclass

from falapp_builder.failure import Reason

_TOKEN = "check the token, and that it may read there"  # noqa: S105 - an advice, not a secret


@dataclass(frozen=True)
class Pattern:
    """One way to fail."""

    reason: Reason
    """The word."""
    match: re.Pattern[str]
    """What uv says then."""
    sentence: str
    """What it means, and the way out."""


def _pattern(reason: Reason, match: str, sentence: str) -> Pattern:
    return Pattern(reason, re.compile(match, re.DOTALL), sentence)


# The machine
_MACHINE = (
    _pattern(
        Reason.BUILD_FAILED,
        r"No space left on device|Disk quota exceeded",
        "the disk of the build is full; give builds more ephemeral storage",
    ),
    _pattern(
        Reason.BUILD_FAILED,
        r"signal: 9 \(SIGKILL\)|Killed signal terminated program",
        "{who}: what builds it was killed, most likely for lack of memory; give builds more",
    ),
    _pattern(
        Reason.INVALID_REQUIREMENT,
        r"Git executable not found",
        "{who}: the base image has no git to fetch it with; give the https URL of a wheel",
    ),
)

# What the user wrote
_WRITTEN = (
    _pattern(
        Reason.INVALID_REQUIREMENT,
        r"Couldn't parse requirement in [^\n]*\n\s+cause: (?P<cause>[^\n]+)",
        "{who} is not one that pip accepts: {cause}",
    ),
    _pattern(
        Reason.INVALID_REQUIREMENT,
        r"Requested package name `(?P<asked>[^`]+)` does not match `(?P<found>[^`]+)`",
        "{who} asks for {asked}, and its URL gives {found}; make them agree",
    ),
    _pattern(
        Reason.INVALID_REQUIREMENT,
        r"Package metadata name `(?P<found>[^`]+)` does not match given name `(?P<asked>[^`]+)`",
        "{who} asks for {asked}, and its file says that it is {found}; make them agree",
    ),
    _pattern(
        Reason.RESOLUTION_IMPOSSIBLE,
        r"Requirements contain conflicting URLs for package `(?P<name>[^`]+)`",
        "{who}: {name} is asked for from two addresses; keep one of them",
    ),
)

# Git
_GIT = (
    _pattern(
        Reason.PACKAGE_NOT_FOUND,
        r"could not read (?:Username|Password)|Authentication failed|returned error: 40[13]",
        f"{{who}}: the git server refused access; {_TOKEN}",
    ),
    _pattern(
        Reason.PACKAGE_NOT_FOUND,
        r"fatal: repository '[^']*' not found|Repository not found",
        f"{{who}}: there is no such git repository, or it is private; check the URL, or {_TOKEN}",
    ),
    _pattern(
        Reason.PACKAGE_NOT_FOUND,
        r"failed to f(?:etch|ind) (?:branch or tag|branch, tag, or commit|commit|tag|branch|ref\w*)"
        r" `(?P<ref>[^`]+)`",
        "{who}: its repository has no {ref}; check the part after @",
    ),
)

# Servers
_SERVERS = (
    _pattern(
        Reason.INDEX_UNREACHABLE,
        r"invalid peer certificate|certificate verification failed|SSL certificate problem",
        "{who}: the certificate of {host} is not trusted; give the operator the CA that signed it"
        " (chart value for a custom CA)",
    ),
    _pattern(
        Reason.PACKAGE_NOT_FOUND,
        r"HTTP status client error \((?P<code>404|410)",
        "{who}: {host} has no such file ({code}); check the URL",
    ),
    _pattern(
        Reason.PACKAGE_NOT_FOUND,
        r"HTTP status client error \((?P<code>401|403)",
        f"{{who}}: {{host}} refused access ({{code}}); {_TOKEN}",
    ),
    _pattern(
        Reason.INDEX_UNREACHABLE,
        r"HTTP status (?:server|client) error \((?P<code>\d+)",
        "{who}: {host} answered with an error ({code}); try again later",
    ),
    _pattern(
        Reason.INDEX_UNREACHABLE,
        r"dns error|Could not resolve host|Name or service not known",
        "{who}: the name {host} cannot be resolved; check the URL and the cluster's DNS",
    ),
    _pattern(
        Reason.INDEX_UNREACHABLE,
        r"error sending request|Failed to fetch|operation timed out|Request failed after"
        r"|unable to access|Could not read from remote repository|Failed to download distribution",
        "{who}: {host} did not answer; check that builds can reach it",
    ),
)

# Files
_FILES = (
    _pattern(
        Reason.INSTALL_FAILED,
        r"Hash mismatch for `(?P<name>[^`]+)`",
        "{who}: the file of {name} is not the one that its index or URL announced"
        " (hash mismatch); do not use it before its owner explains that",
    ),
    _pattern(
        Reason.INSTALL_FAILED,
        r"Failed to resolve requirements from `[^`]*` build\n(?P<cause>.*)",
        "{who}: what is needed to build it from source cannot be had; {because}",
    ),
    _pattern(
        Reason.INSTALL_FAILED,
        r"Failed to (?:download and )?build `(?P<name>[^`]+)`",
        "{who}: {name} has no wheel that fits, and building it from source failed (see the log);"
        " take a version with a wheel, or a base image with what it needs",
    ),
)

# What the indexes have
_VERSIONS = (
    _pattern(
        Reason.PACKAGE_NOT_FOUND,
        r"(?P<name>[\w.-]+) was not found in the package registry",
        "{who}: no index has a package called {name}, or its index refused access; check the name,"
        " or add --extra-index-url",
    ),
    _pattern(
        Reason.PACKAGE_NOT_FOUND,
        r"there is no version of (?P<name>[^\s,]+)",
        "{who}: no index has {name}; ask for a version that exists",
    ),
    _pattern(
        Reason.PACKAGE_NOT_FOUND,
        r"only (?P<have>(?P<name>[\w.-]+)[^\s,]*) is available and you require (?P=name)\b",
        "{who}: no index has such a version, only {have}; ask for one of those",
    ),
    _pattern(
        Reason.PACKAGE_NOT_FOUND,
        r"(?P<name>[^\s,]+) has (?P<what>no wheels with a matching [\w ]+|an invalid package format"
        r"|no usable wheels)",
        "{who}: {name} has {what}; ask for a version with a wheel for this platform and Python",
    ),
    _pattern(
        Reason.PACKAGE_NOT_FOUND,
        r"all versions of (?P<name>[^\s,]+) have no source distribution",
        "{who}: {name} has no source distribution, and --no-binary asks for one; leave that out",
    ),
    _pattern(
        Reason.RESOLUTION_IMPOSSIBLE,
        r"(?P<name>[^\s,]+) (?:requires|depends on) Python ?(?P<python>[^\s,]+)",
        "{who}: {name} needs Python {python}; ask for another version, or change pythonVersion",
    ),
    _pattern(
        Reason.RESOLUTION_IMPOSSIBLE,
        r"No solution found when resolving",
        "no set of versions satisfies {who}: {because}",
    ),
)

_OTHERS = (
    _pattern(
        Reason.INSTALL_FAILED,
        r"Failed to (?:read|install|unzip|extract|unpack)",
        "{who}: a file of the package could not be used (see the log); try another version",
    ),
)

TABLE: tuple[Pattern, ...] = (*_MACHINE, *_WRITTEN, *_GIT, *_SERVERS, *_FILES, *_VERSIONS, *_OTHERS)
"""All ways to fail that are known; the first that matches counts."""
