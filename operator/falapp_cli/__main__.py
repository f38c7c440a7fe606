"""Start the command line."""

import contextlib
import io
import os
import sys

_COMPLETION = {"_FALAPP_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}


def main() -> None:
    """Run the command that was asked for, and end with its exit code."""
    try:
        from falapp_cli.main import run
    except ModuleNotFoundError as error:
        if error.name != "typer":
            raise
        sys.stderr.write("falapp: error: the command line needs its extra: install falapp[cli]\n")
        sys.exit(3)
    _prepare()
    sys.exit(run(sys.argv[1:]))


def _prepare() -> None:
    """Have an output that takes any text: files for Git are UTF-8, whatever the locale says."""
    if sys.stdout is None:
        # The shell closed it: to write there shall fail as it does elsewhere.
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w")
    for stream, errors in ((sys.stdout, "surrogateescape"), (sys.stderr, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors=errors)


def complete() -> None:
    """Complete `kubectl falapp …`: kubectl asks the program kubectl_complete-falapp.

    It wants what fish does, a word and its description in a line, and after them :0, by which files
    are completed where there is no word.
    """
    from falapp_cli.main import run

    _prepare()
    given = sys.argv[1:]
    # Quotes would be taken for a part of the last word, which may be empty.
    os.environ |= _COMPLETION | {"_TYPER_COMPLETE_ARGS": " ".join(["falapp", *given])}
    with contextlib.redirect_stdout(io.StringIO()) as found:
        run([])
    lines = [line for line in found.getvalue().splitlines() if line]
    sys.stdout.writelines(f"{line}\n" for line in (*lines, ":0"))


if __name__ == "__main__":
    main()
