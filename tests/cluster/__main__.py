"""The cluster from the command line: python -m tests.cluster up | down | status."""

import argparse
import signal
import sys

from tests.cluster import lifecycle, status
from tests.cluster.errors import ClusterError


def main() -> int:
    """Do what the command line says; give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="make the cluster, or what is missing of it")
    up.add_argument("--servers", action="store_true", help="and the image of the tests' servers")
    down = commands.add_parser("down", help="remove the cluster, its registry and its images")
    down.add_argument("--caches", action="store_true", help="remove the compiled programs as well")
    commands.add_parser("status", help="say what is there")
    given = parser.parse_args()
    # A CI job that is cancelled must not leave a compiler or a half-made cluster running.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if given.command == "up":
            lifecycle.up(servers=given.servers)
        elif given.command == "down":
            lifecycle.down(caches=given.caches)
        else:
            return status.show()
    except ClusterError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
