"""Variables in requirements: ``${NAME}`` stands for the value of a Secret, and only in URLs."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from falapp_requirements import tokens as language
from falapp_requirements import urls
from falapp_requirements.errors import RequirementError
from falapp_requirements.options import Option
from falapp_requirements.tokens import Arguments, Requirement

RESERVED = "FALAPP_"
"""How the operator's own names begin."""

# What would end the host's part of a URL, so that the rest of a password becomes a path.
_ENDS_AUTHORITY = re.compile(r"[/?#\\]")


def names(tokens: Iterable[str]) -> tuple[str, ...]:
    """Return the names of all variables, in the order of their first use."""
    found = (name for token in tokens for name in urls.VARIABLE.findall(token))
    return tuple(dict.fromkeys(found))


def refuse_reserved(tokens: Iterable[str]) -> None:
    """Refuse the operator's own names in what a user wrote.

    Raises:
        RequirementError: There is one.
    """
    for token in tokens:
        for name in names([token]):
            if name.startswith(RESERVED):
                why = f"uses ${{{name}}}, and names that begin with {RESERVED} are the operator's"
                raise language.refused(token, why, "give the variable another name")


def expanded(arguments: Arguments, values: Mapping[str, str]) -> Arguments:
    """Return the arguments with values in what an installer reads: its text and its options.

    Raises:
        RequirementError: A value is missing or does not fit. The text names the variable only.
    """
    return Arguments(items=tuple(_expanded(item, values) for item in arguments.items))


def _expanded(item: Requirement | Option, values: Mapping[str, str]) -> Requirement | Option:
    written = item.written if isinstance(item, Requirement) else f"{item.name} {item.value}"
    used = names([written])
    if not used:
        return item
    shown = " and ".join(f"${{{name}}}" for name in used)
    for name in used:
        _check(written, name, values.get(name))
    line = item.line if isinstance(item, Requirement) else item.value
    _check_place(written, line, values)
    text = urls.VARIABLE.sub(lambda match: values[match[1]], line)
    try:
        if isinstance(item, Option):
            return replace(item, text=language.option(item.name, text).text)
        found = language.requirement(text)
    except RequirementError as error:
        raise language.refused(written, f"with {shown} {error.why}", error.way_out) from None
    hashes = tuple(dict.fromkeys((*item.hashes, *found.hashes)))
    return replace(item, line=found.line, hashes=hashes)


def _check(written: str, name: str, value: str | None) -> None:
    if value is None:
        why = f"uses ${{{name}}}, which has no value"
        raise language.refused(written, why, "name the Secret that has it in requirementSecrets")
    why = ""
    if not value:
        why = "is empty"
    elif not value.isprintable() or " " in value:
        why = "holds a line break, a space or a character that cannot be seen"
    elif "${" in value:
        why = "holds ${, and a value is taken as it is"
    if why:
        way_out = "write the Secret anew, with kubectl create secret generic --from-literal"
        raise language.refused(written, f"uses ${{{name}}}, whose value {why}", way_out)


def _check_place(written: str, line: str, values: Mapping[str, str]) -> None:
    """Refuse a password that would not stay in the URL's part for it."""
    for match in urls.VARIABLE.finditer(line):
        before = line[: match.start()].partition("://")
        inside = before[1] and not _ENDS_AUTHORITY.search(before[2])
        if inside and _ENDS_AUTHORITY.search(values[match[1]]):
            why = f"uses ${{{match[1]}}}, whose value holds one of / ? # \\"
            raise language.refused(written, why, "write them as %2F %3F %23 %5C in the Secret")
