"""A Dockerfile given as text: one spelling of it, and what of it cannot be built here.

Kaniko parses more than it does: it leaves out `RUN --mount`, heredocs, checksums and platforms
without a word, and what it builds then is not what was written. Such a line is refused instead.
Lines are put together as buildkit does (frontend/dockerfile/parser), whose parser Kaniko uses: an
empty line or a comment does not end what a backslash goes on with.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from falapp_operator.api.conditions import Reason
from falapp_operator.api.environment import Dockerfile
from falapp_operator.errors import UserError
from falapp_requirements import redact

FIELD = "spec.image.dockerfile"
"""Where a FalApp has it."""

_INSTRUCTIONS = re.compile(
    "ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|RUN|SHELL|STOPSIGNAL"
    "|USER|VOLUME|WORKDIR"
)
_DIRECTIVE = re.compile(r"#\s*([a-z]+)\s*=\s*(\S+)\s*", re.I)
_FLAG = re.compile(r"--([a-z-]+)(?:=(\S*))?\s*", re.I)
_HEREDOC = re.compile(r"\d*<<-?[^<\s]+")
# As the shell splits them: what is in quotes belongs to its word.
_WORD = re.compile(r"""(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'])+""")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_GIT = re.compile(r"git@|git://|https?://[^#?]*(\.git$|\.git[#?])", re.I)
_QUERY = re.compile(r"\?[^\s\"']*")
_KEPT = {
    "FROM": {"platform"},
    # Ignoring --link changes no file: it only says how layers may be put together.
    "ADD": {"chown", "chmod", "link"},
    "COPY": {"from", "chown", "chmod", "link"},
    "HEALTHCHECK": {"interval", "timeout", "start-period", "start-interval", "retries"},
}
"""The flags that Kaniko v1.24.0 does as it is told (pkg/commands), by instruction."""
_PLATFORMS = frozenset(
    {"$BUILDPLATFORM", "$TARGETPLATFORM", "${BUILDPLATFORM}", "${TARGETPLATFORM}"}
)
_WAYS_OUT = {
    "mount": "list packages as `requirements`, and remove in a RUN what it leaves behind",
    "checksum": "check the file in a RUN, with sha256sum -c",
}


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """One instruction of a Dockerfile."""

    line: int
    """The number of its first line, from 1."""
    name: str
    """In capitals, as RUN."""
    flags: Mapping[str, str]
    """What stands before its arguments, as {"from": "stage"}."""
    rest: str
    """Its arguments, in one line."""


def canonical(text: str, args: Mapping[str, str] | None, platform: str) -> Dockerfile:
    """Return a Dockerfile in one spelling of its lines' ends; it may be given its own result.

    Raises:
        UserError: It holds what cannot be built here; the message names the line.
    """
    lines = text.replace("\r\n", "\n").rstrip().split("\n")
    found = tuple(_instructions(lines))
    for instruction in found:
        _refuse(instruction, platform)
    if not found or all(i.name == "ARG" for i in found):
        raise _error("it has no FROM; begin with FROM and an image that holds python3")
    _refuse_order(found)
    _refuse_contextual(found)
    _refuse_args(found, args or {})
    for number, line in enumerate(lines, 1):
        if _holds_credential(line):
            raise _error(
                "it holds a credential, which everybody who can read the image could read; use"
                " requirements with ${NAME} and requirementSecrets for what needs one",
                number,
            )
    spelled = "\n".join(lines) + "\n"
    return Dockerfile(text=spelled, args=dict(sorted(args.items())) if args else None)


def images(text: str) -> tuple[str, ...]:
    """Return the images that a Dockerfile names, as they are written, stages left out."""
    stages, found = set[str](), list[str]()
    for instruction in _instructions(text.split("\n")):
        image = instruction.flags.get("from", "") if instruction.name == "COPY" else ""
        if instruction.name == "FROM":
            image, *alias = instruction.rest.split()
            found += [] if image.lower() in stages else [image]
            stages |= {name.lower() for name in alias[1:]}
        elif image and not image.isdecimal() and image.lower() not in stages:
            found.append(image)
    return tuple(name for name in found if name != "scratch")


def _instructions(lines: list[str]) -> Iterator[Instruction]:
    escape = _escape(lines)
    start, held = 0, ""
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        start = start or number
        stripped = line.rstrip()
        if stripped.endswith(escape) and number < len(lines):
            held += stripped[:-1]
            continue
        yield _instruction(start, held + line)
        start, held = 0, ""
    if start:
        yield _instruction(start, held)


def _escape(lines: list[str]) -> str:
    """Return the character that goes on with a line, as the directives at the top have it."""
    escape = "\\"
    for number, line in enumerate(lines, 1):
        directive = _DIRECTIVE.fullmatch(line.strip())
        if directive is None:
            break
        name, value = directive[1].lower(), directive[2]
        if name == "escape" and value in ("`", "\\"):
            escape = value
        if name == "syntax" and not re.match(r"(docker\.io/)?docker/dockerfile(:|$)", value):
            raise _error(f"the syntax {value} is not known here; remove the line", number)
    return escape


def _instruction(line: int, text: str) -> Instruction:
    name, _, rest = text.strip().partition(" ") if " " in text.strip() else (text.strip(), "", "")
    name, tabbed, more = name.partition("\t")
    rest = f"{more} {rest}".strip() if tabbed else rest.strip()
    flags: dict[str, str] = {}
    while flag := _FLAG.match(rest):
        flags[flag[1].lower()] = flag[2] or ""
        rest = rest[flag.end() :]
    return Instruction(line=line, name=name.upper(), flags=flags, rest=rest)


def _refuse(instruction: Instruction, platform: str) -> None:
    name, line = instruction.name, instruction.line
    if name == "ONBUILD":
        raise _error("ONBUILD is for images that others build on; write what it does", line)
    if not _INSTRUCTIONS.fullmatch(name):
        raise _error(f"{name[:40]!r} is no instruction of a Dockerfile; correct it", line)
    for flag in instruction.flags:
        if flag not in _KEPT.get(name, ()):
            way_out = _WAYS_OUT.get(flag, "remove it")
            raise _error(
                f"{name} --{flag} is not done by Kaniko, which ignores it; {way_out}", line
            )
    wanted = instruction.flags.get("platform", platform)
    if wanted != platform and wanted not in _PLATFORMS:
        raise _error(f"--platform={wanted}: only {platform} is built; remove it", line)
    words = _WORD.findall(instruction.rest) if name in ("RUN", "COPY", "ADD") else ()
    if heredoc := next((w for w in words if _HEREDOC.fullmatch(w)), ""):
        way_out = "write the lines with && and \\, or with printf"
        raise _error(
            f"the heredoc {heredoc} is not done by Kaniko, which ignores it; {way_out}", line
        )


def _refuse_order(found: tuple[Instruction, ...]) -> None:
    first = next(i for i in found if i.name != "ARG")
    if first.name != "FROM":
        raise _error(f"{first.name} stands before FROM; begin with FROM", first.line)
    for instruction in found:
        if instruction.name in ("FROM", "RUN", "COPY", "ADD", "ARG") and not instruction.rest:
            raise _error(f"{instruction.name} says nothing; complete it", instruction.line)


def _refuse_contextual(found: tuple[Instruction, ...]) -> None:
    """Refuse what needs files beside the Dockerfile: there are none."""
    for instruction in found:
        if instruction.name == "COPY" and "from" not in instruction.flags:
            way_out = "use COPY --from=IMAGE, ADD with a URL, or `source` for the app's own files"
            message = f"COPY needs files beside the Dockerfile, and there are none; {way_out}"
            raise _error(message, instruction.line)
        if instruction.name != "ADD":
            continue
        for source in _words(instruction.rest)[:-1]:
            if _GIT.match(source):
                message = f"ADD does not clone {redact.item(source)} with Kaniko"
                raise _error(f"{message}; use RUN git clone", instruction.line)
            if not re.match(r"https?://|\$", source, re.I):
                message = "ADD needs files beside the Dockerfile, and there are none; give it a URL"
                raise _error(message, instruction.line)


def _words(rest: str) -> list[str]:
    """Return the arguments of an instruction, in either of its two forms."""
    try:
        words = json.loads(rest) if rest.startswith("[") else rest.split()
    except ValueError:
        words = rest.split()  # as buildkit does: what is no JSON is the shell's form
    return [str(word) for word in words]


def _refuse_args(found: tuple[Instruction, ...], args: Mapping[str, str]) -> None:
    declared = {word.partition("=")[0] for i in found if i.name == "ARG" for word in i.rest.split()}
    for name, value in args.items():
        field = f"spec.image.buildArgs.{name[:40]}"
        if not _NAME.fullmatch(name) or name not in declared:
            known = ", ".join(sorted(declared)) or "none"
            message = f"{field}: the Dockerfile has no ARG of that name; it has: {known}"
        elif not value.isprintable():
            message = f"{field}: the value holds a character that cannot be seen; write it anew"
        elif _holds_credential(value):
            message = (
                f"{field}: the value holds a credential, which everybody who can read the image"
                " could read; use requirements with ${NAME} and requirementSecrets"
            )
        else:
            continue
        raise UserError(Reason.INVALID_SPEC, message)


def _holds_credential(line: str) -> bool:
    """Return whether a URL of a line holds a password or a token before its host."""
    shown = _QUERY.sub("", line)
    return bool(redact.secrets(shown)) or redact.has_password(shown)


def _error(message: str, line: int = 0) -> UserError:
    where = f"{FIELD}: line {line}: " if line else f"{FIELD}: "
    return UserError(Reason.INVALID_SPEC, where + message)
