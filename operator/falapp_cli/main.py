"""The command line: its commands, and how each of them ends."""

import errno
import os
import sys
import traceback
from collections.abc import Sequence

import typer

from falapp_cli import errors
from falapp_cli.commands import author, change, observe

app = typer.Typer(
    name="falapp",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="From a fal app file to a running app, and to a file for Git.",
)
author.add(app)
change.add(app)
observe.add(app)


_UNWRITABLE = frozenset({errno.EBADF, errno.EFBIG, errno.EIO, errno.ENOSPC})
_MEND = "make room where it goes, or send it elsewhere"


class _State:
    debug = False


def _version(asked: bool) -> None:
    if asked:
        from importlib import metadata

        sys.stdout.write(f"falapp {metadata.version('falapp')}\n")
        raise typer.Exit


@app.callback()
def common(
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of what goes wrong."),
    _: bool = typer.Option(
        False, "--version", is_eager=True, callback=_version, help="Print the version and exit."
    ),
) -> None:
    """From a fal app file to a running app, and to a file for Git."""
    _State.debug = debug


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    try:
        code = _ended(arguments)
        sys.stdout.flush()  # what Python cannot write at its end, nobody could be told of
        return code
    except errors.CliError as error:
        _tell(error)
        return error.code
    except BrokenPipeError:
        _drop_output()  # `falapp logs | head`: nobody reads on
        return 141
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        return _failed(error)


def _ended(arguments: Sequence[str]) -> int:
    try:
        code = app(prog_name="falapp", args=list(arguments), standalone_mode=True)
        return int(code or 0)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)


def _drop_output() -> None:
    """Have Python not try again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failed(error: Exception) -> int:
    if isinstance(error, OSError) and error.errno in _UNWRITABLE and error.filename is None:
        _drop_output()
        _tell(errors.CliError(f"the output cannot be written ({error.strerror}); {_MEND}"))
        return errors.CliError.code
    _tell(error, prefix=f"this is a bug of falapp: {type(error).__name__}: ")
    return 70


def _tell(error: BaseException, prefix: str = "") -> None:
    if _State.debug:
        traceback.print_exception(error)
    sys.stderr.write(f"falapp: error: {prefix}{error}\n")
    if prefix and not _State.debug:
        sys.stderr.write("falapp: run it again with `falapp --debug …` to see where\n")
