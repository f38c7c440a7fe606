"""What pip says, and what it means, as `patterns` has it for uv.

Collected from pip 26.3. Lines that begin with "Could not fetch" or "Skipping link" are from its
log, and only those are taken that are of the package in question.
"""

from falapp_builder.pod.failure import Reason
from falapp_builder.programs.patterns import COMPILE, TOKEN, Pattern, pattern

_PAGE = r"Could not fetch URL \S+?://(?:[^/\s@]*@)?(?P<host>[^/\s]+)\S*: "

_WRITTEN = (
    pattern(
        Reason.INVALID_REQUIREMENT,
        r"Invalid requirement: (?P<cause>[^\n]+)",
        "{who} is not one that pip accepts: {cause}",
    ),
    pattern(
        Reason.INVALID_REQUIREMENT,
        r"ERROR: [^\n]*inconsistent name: expected '(?P<asked>[^']+)', but metadata has"
        r" '(?P<found>[^']+)'",
        "{who} asks for {asked}, and its file says that it is {found}; make them agree",
    ),
    pattern(
        Reason.INVALID_REQUIREMENT,
        r"AssertionError: '(?P<asked>[^']+)' != '(?P<found>[^']+)' for wheel",
        "{who} asks for {asked}, and its URL gives {found}; make them agree",
    ),
    pattern(
        Reason.INVALID_REQUIREMENT,
        r"located at (?P<host>\S+) is not a trusted or secure host",
        "pip asks no index over plain http, as {host} is; give its https URL, or take resolver: uv",
    ),
    pattern(
        Reason.INVALID_REQUIREMENT,
        r"--require-hashes mode[^\n]*\n\s+(?P<name>[A-Za-z0-9][\w.-]*)",
        "all requirements have hashes, so pip wants a version and a hash of {name}, too; list it"
        " with both, or take resolver: uv",
    ),
)

_SERVERS = (
    pattern(
        Reason.HASH_MISMATCH,
        r"DO NOT MATCH THE HASHES[^\n]*\n\s+(?P<name>[A-Za-z0-9][\w.=-]*)",
        "{who}: the file of {name} is not the one that its index or URL announced"
        " (hash mismatch); do not use it before its owner explains that",
    ),
    pattern(
        Reason.ACCESS_DENIED,
        rf"HTTP error (?P<code>401|403) while getting|{_PAGE}(?P<said>401|403) ",
        f"{{who}}: {{host}} refused access ({{code}}{{said}}); {TOKEN}",
    ),
    pattern(
        Reason.PACKAGE_NOT_FOUND,
        r"HTTP error (?P<code>404|410) while getting",
        "{who}: {host} has no such file ({code}); check the URL",
    ),
    pattern(
        Reason.INDEX_UNREACHABLE,
        r"ConnectionPool\(host='(?P<host>[^']+)'[^\n]*too many (?P<code>\d+) error",
        "{who}: {host} answered with an error ({code}); try again later",
    ),
    pattern(
        Reason.INDEX_UNREACHABLE,
        r"CERTIFICATE_VERIFY_FAILED|certificate verify failed|certificate is not trusted",
        "{who}: the certificate of {host} is not trusted; give the operator the CA that signed it"
        " (chart value for a custom CA)",
    ),
    pattern(
        Reason.INDEX_UNREACHABLE,
        r"Name or service not known|Temporary failure in name resolution|Failed to resolve '",
        "{who}: the name {host} cannot be resolved; check the URL and the cluster's DNS",
    ),
    pattern(
        Reason.INDEX_UNREACHABLE,
        rf"{_PAGE}(?!4\d\d )|Failed to connect to \S+ while|Max retries exceeded|[Tt]imed out\b"
        r"|Connection refused",
        "{who}: {host} did not answer; check that builds can reach it",
    ),
)

_VERSIONS = (
    pattern(
        Reason.COMPILE_FAILED,
        r"No matching distribution found for (?P<need>[^\s(]+).*"
        r"Cannot install build dependencies for (?P<name>\S+)",
        "{who}: what is needed to build {name} from source cannot be had; no index has {need}",
    ),
    pattern(
        Reason.RESOLUTION_IMPOSSIBLE,
        r"ERROR: ResolutionImpossible",
        "no set of versions satisfies {who}: {because}",
    ),
    pattern(
        Reason.NO_MATCHING_WHEEL,
        r"requirement (?P<name>[^\s(]+)[^\n]*from versions: none.*\nSkipping link: none of the",
        "{who}: {name} has no wheel for this platform and Python; ask for a version that has one",
    ),
    pattern(
        Reason.RESOLUTION_IMPOSSIBLE,
        r"require a different python version: [^\n]*Requires-Python (?P<python>[^\s;]+)"
        r".*requirement (?P<name>[^\s(]+)[^\n]*from versions",
        "{who}: {name} needs Python {python}; ask for another version, or change pythonVersion",
    ),
    pattern(
        Reason.PACKAGE_NOT_FOUND,
        r"requirement (?P<name>[^\s(]+)[^\n]*from versions: none\)",
        "{who}: no index has a package called {name} with files that can be used; check the name,"
        " or add --extra-index-url",
    ),
    pattern(
        Reason.PACKAGE_NOT_FOUND,
        r"requirement (?P<name>[^\s(]+)[^\n]*from versions: (?P<have>[^\n)]+)\)",
        "{who}: no index has {name}, only {have}; ask for one of those",
    ),
)

_BUILDS = (
    pattern(
        Reason.COMPILE_FAILED,
        r"Failed to build '(?P<name>[^']+)' when|Failed building wheel for (?P<wheel>\S+)"
        r"|while generating package metadata\.\s+╰─> (?P<metadata>\S+)",
        COMPILE.replace("{name}", "{name}{wheel}{metadata}"),
    ),
    pattern(
        Reason.INSTALL_FAILED,
        r"ERROR: [^\n]*(?:Wheel '[^']+' located at|has an invalid wheel|is not a supported wheel"
        r"|Invalid wheel|invalid metadata)",
        "{who}: a file of the package could not be used (see the log); try another version",
    ),
)

TABLE: tuple[Pattern, ...] = (*_WRITTEN, *_SERVERS, *_VERSIONS, *_BUILDS)
"""What pip says; the first that matches counts."""
