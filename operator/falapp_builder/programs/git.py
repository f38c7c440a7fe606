"""A commit of a git repository on the disk; the login is shown to the repository's host alone."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from falapp_builder.programs import tool
from falapp_builder.programs.tool import Workshop
from falapp_requirements.redact import Redactor

# A shell function, since git appends the name of the operation.
_HELPER = (
    '!f() { test "$1" != get ||'
    ' printf "username=%s\\npassword=%s\\n" "$FALAPP_GIT_USER" "$FALAPP_GIT_PASSWORD"; }; f'
)


def checkout(
    place: Workshop, repository: str, commit: str, folder: Path, redact: Redactor
) -> tuple[int, str]:
    """Check a commit out into a folder, submodules included; give git's status and what it said.

    Args:
        place: Where to run git.
        repository: The URL; it may hold a login, which no argument of git's does.
        commit: The full hash.
        folder: It is made.
        redact: Hides what is secret in git's output.
    """
    url, variables = _separated(repository)
    git = ["git", "-C", str(folder), "-c", "advice.detachedHead=false"]
    everything = ("+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")

    def run(*arguments: str) -> tuple[int, str]:
        return tool.run(place, [*git, *arguments], variables, redact)

    folder.mkdir(parents=True)
    code, said = run("init", "--quiet")
    if not code:
        run("remote", "add", "origin", url)
        # Not every server gives a commit by its hash.
        code, said = run("fetch", "--quiet", "--depth", "1", "origin", commit)
        if code:
            code, said = run("fetch", "--quiet", "origin", *everything)
    if not code:
        code, said = run("checkout", "--quiet", "--detach", commit)
    if not code and (folder / ".gitmodules").exists():
        code, said = run("submodule", "--quiet", "update", "--init", "--recursive")
    return code, said


def shown(repository: str) -> str:
    """Return a repository's URL without its login."""
    return _separated(repository)[0]


def _separated(repository: str) -> tuple[str, Mapping[str, str]]:
    """Return the URL without its login, and the environment that lets git find the login."""
    parts = urlsplit(repository)
    userinfo, _, host = parts.netloc.rpartition("@")
    url = urlunsplit(parts._replace(netloc=host))
    if not userinfo:
        return url, {}
    user, _, password = userinfo.partition(":")
    return url, {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"credential.{parts.scheme}://{host}.helper",
        "GIT_CONFIG_VALUE_0": _HELPER,
        "FALAPP_GIT_USER": unquote(user),
        "FALAPP_GIT_PASSWORD": unquote(password),
    }
