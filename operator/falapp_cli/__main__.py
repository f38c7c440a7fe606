"""Start the command line."""

import sys


def main() -> None:
    """Run the command that was asked for, and end with its exit code."""
    try:
        from falapp_cli.main import run
    except ModuleNotFoundError as error:
        if error.name != "typer":
            raise
        sys.stderr.write("falapp: error: the command line needs its extra: install falapp[cli]\n")
        sys.exit(3)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
