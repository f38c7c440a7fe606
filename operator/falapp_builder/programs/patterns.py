"""What uv and git say, and what it means: a table of patterns, the most telling first.

Collected from uv 0.13.9 (tests/unit/builder/programs/samples holds the texts). A sentence may use
the names of its pattern's groups, and `{who}`: the requirements at fault, as the user wrote them.
"""

import re
from dataclasses import dataclass

from falapp_builder.pod.failure import Reason

TOKEN = "check the token, and that it may read there"  # noqa: S105 - an advice, not a secret


COMPILE = (
    "{who}: {name} has no wheel that fits, and building it from source failed ({error});"
    " take a version with a wheel, or a base image with what it needs"
)


@dataclass(frozen=True)
class Pattern:
    """One way to fail."""

    reason: Reason
    """The word."""
    match: re.Pattern[str]
    """What uv says then."""
    sentence: str
    """What it means, and the way out."""


def pattern(reason: Reason, match: str, sentence: str) -> Pattern:
    """Return a pattern whose dots stand for line breaks, too."""
    return Pattern(reason, re.compile(match, re.DOTALL), sentence)


# The machine
MACHINE = (
    pattern(
        Reason.DISK_FULL,
        r"No space left on device|Disk quota exceeded",
        "the disk of the build is full; give builds more ephemeral storage",
    ),
    pattern(
        Reason.OUT_OF_MEMORY,
        r"signal: 9 \(SIGKILL\)|exit code: -9\b|Killed signal terminated program|\bMemoryError\b"
        r"|internal compiler error: Killed|virtual memory exhausted|Cannot allocate memory"
        r"|std::bad_alloc",
        "{who}: what builds it was killed, most likely for lack of memory; give builds more",
    ),
    pattern(
        Reason.BASE_IMAGE_UNUSABLE,
        r"Git executable not found|Cannot find command 'git'",
        "{who}: git does not run in the base image; give the https URL of a wheel, or take another"
        " image",
    ),
)

# What the user wrote
_WRITTEN = (
    pattern(
        Reason.INVALID_REQUIREMENT,
        r"Couldn't parse requirement in [^\n]*\n\s+cause: (?P<cause>[^\n]+)",
        "{who} is not one that pip accepts: {cause}",
    ),
    pattern(
        Reason.INVALID_REQUIREMENT,
        r"Requested package name `(?P<asked>[^`]+)` does not match `(?P<found>[^`]+)`",
        "{who} asks for {asked}, and its URL gives {found}; make them agree",
    ),
    pattern(
        Reason.INVALID_REQUIREMENT,
        r"Package metadata name `(?P<found>[^`]+)` does not match given name `(?P<asked>[^`]+)`",
        "{who} asks for {asked}, and its file says that it is {found}; make them agree",
    ),
    pattern(
        Reason.RESOLUTION_IMPOSSIBLE,
        r"Requirements contain conflicting URLs for package `(?P<name>[^`]+)`",
        "{who}: {name} is asked for from two addresses; keep one of them",
    ),
)

# Git
GIT = (
    pattern(
        Reason.ACCESS_DENIED,
        r"could not read (?:Username|Password)|Authentication failed|returned error: 40[13]"
        r"|Invalid username or (?:password|token)",
        f"{{who}}: the git server refused access; {TOKEN}",
    ),
    pattern(
        Reason.PACKAGE_NOT_FOUND,
        r"fatal: repository '[^']*' not found|Repository not found",
        f"{{who}}: there is no such git repository, or it is private; check the URL, or {TOKEN}",
    ),
    pattern(
        Reason.PACKAGE_NOT_FOUND,
        r"failed to f(?:etch|ind) (?:branch or tag|branch, tag, or commit|commit|tag|branch|ref\w*)"
        r" `(?P<ref>[^`]+)`",
        "{who}: its repository has no {ref}; check the part after @",
    ),
    pattern(
        Reason.PACKAGE_NOT_FOUND,
        r"pathspec '(?P<ref>[^']+)' did not match|couldn't find remote ref (?P<name>\S+)"
        r"|reference is not a tree: (?P<tree>\w+)|not our ref (?P<commit>\w+)",
        "{who}: its repository has no {ref}{name}{tree}{commit}; check the part after @",
    ),
    pattern(
        Reason.INDEX_UNREACHABLE,
        r"SSL certificate problem|server certificate verification failed",
        "{who}: the certificate of {host} is not trusted; give the operator the CA that signed it"
        " (chart value for a custom CA)",
    ),
    pattern(
        Reason.INDEX_UNREACHABLE,
        r"Could not resolve host: (?P<host>[^\s;]+)",
        "{who}: the name {host} cannot be resolved; check the URL and the cluster's DNS",
    ),
    pattern(
        Reason.INDEX_UNREACHABLE,
        r"unable to access '\w+://(?P<host>[^/']+)[^\n]*(?:returned error: (?P<code>\d+))",
        "{who}: {host} answered with an error ({code}); try again later",
    ),
    pattern(
        Reason.INDEX_UNREACHABLE,
        r"unable to access|Could not read from remote repository|the remote end hung up",
        "{who}: {host} did not answer; check that builds can reach it",
    ),
    pattern(
        Reason.PACKAGE_NOT_FOUND,
        r"Failed to build '[^']+' when git (?P<step>\w+)",
        "{who}: git {step} failed (see the log); check the URL",
    ),
)

# Servers
_SERVERS = (
    pattern(
        Reason.INDEX_UNREACHABLE,
        r"invalid peer certificate|certificate verification failed",
        "{who}: the certificate of {host} is not trusted; give the operator the CA that signed it"
        " (chart value for a custom CA)",
    ),
    pattern(
        Reason.PACKAGE_NOT_FOUND,
        r"HTTP status client error \((?P<code>404|410)",
        "{who}: {host} has no such file ({code}); check the URL",
    ),
    pattern(
        Reason.ACCESS_DENIED,
        r"HTTP status client error \((?P<code>401|403)|(?P<host>\S+) answers (?P<said>401|403) to",
        f"{{who}}: {{host}} refused access ({{code}}{{said}}); {TOKEN}",
    ),
    pattern(
        Reason.INDEX_UNREACHABLE,
        r"HTTP status (?:server|client) error \((?P<code>\d+)",
        "{who}: {host} answered with an error ({code}); try again later",
    ),
    pattern(
        Reason.INDEX_UNREACHABLE,
        r"dns error|Name or service not known",
        "{who}: the name {host} cannot be resolved; check the URL and the cluster's DNS",
    ),
    pattern(
        Reason.INDEX_UNREACHABLE,
        r"error sending request|Failed to fetch|operation timed out|Request failed after"
        r"|Failed to download distribution",
        "{who}: {host} did not answer; check that builds can reach it",
    ),
)

# Files
_FILES = (
    pattern(
        Reason.HASH_MISMATCH,
        r"Hash mismatch for `(?P<name>[^`]+)`",
        "{who}: the file of {name} is not the one that its index or URL announced"
        " (hash mismatch); do not use it before its owner explains that",
    ),
    pattern(
        Reason.COMPILE_FAILED,
        r"Failed to resolve requirements from `[^`]*` build\n(?P<cause>.*)",
        "{who}: what is needed to build it from source cannot be had; {because}",
    ),
    pattern(
        Reason.COMPILE_FAILED,
        r"Failed to (?:download and )?build `(?P<name>[^`]+)`",
        COMPILE,
    ),
)

# What the indexes have
_VERSIONS = (
    pattern(
        Reason.PACKAGE_NOT_FOUND,
        r"(?P<name>[\w.-]+) was not found in the package registry",
        "{who}: no index has a package called {name}; check the name, or add --extra-index-url",
    ),
    pattern(
        Reason.PACKAGE_NOT_FOUND,
        r"there is no version of (?P<name>[^\s,]+)",
        "{who}: no index has {name}; ask for a version that exists",
    ),
    pattern(
        Reason.PACKAGE_NOT_FOUND,
        r"only (?P<have>(?P<name>[\w.-]+)[^\s,]*) is available and you require (?P=name)\b",
        "{who}: no index has such a version, only {have}; ask for one of those",
    ),
    pattern(
        Reason.INSTALL_FAILED,
        r"(?P<name>[^\s,]+) has an invalid package format",
        "{who}: the file of {name} is no package; try another version",
    ),
    pattern(
        Reason.NO_MATCHING_WHEEL,
        r"(?P<name>[^\s,]+) has (?P<what>no wheels with a matching [\w ]+|no usable wheels)",
        "{who}: {name} has {what}; ask for a version with a wheel for this platform and Python",
    ),
    pattern(
        Reason.PACKAGE_NOT_FOUND,
        r"all versions of (?P<name>[^\s,]+) have no source distribution",
        "{who}: {name} has no source distribution, and --no-binary asks for one; leave that out",
    ),
    pattern(
        Reason.RESOLUTION_IMPOSSIBLE,
        r"(?P<name>[^\s,]+) (?:requires|depends on) Python ?(?P<python>[^\s,]+)",
        "{who}: {name} needs Python {python}; ask for another version, or change pythonVersion",
    ),
    pattern(
        Reason.RESOLUTION_IMPOSSIBLE,
        r"No solution found when resolving",
        "no set of versions satisfies {who}: {because}",
    ),
)

_OTHERS = (
    pattern(
        Reason.INSTALL_FAILED,
        r"Failed to (?:read|install|unzip|extract|unpack)",
        "{who}: a file of the package could not be used (see the log); try another version",
    ),
)

TABLE: tuple[Pattern, ...] = (*_WRITTEN, *_SERVERS, *_FILES, *_VERSIONS, *_OTHERS)
"""What uv says; the first that matches counts."""
