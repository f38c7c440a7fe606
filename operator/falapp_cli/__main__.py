"""Start the command line."""

import sys


def main() -> None:
    """Run the command that was asked for, and end with its exit code."""
    from falapp_cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
