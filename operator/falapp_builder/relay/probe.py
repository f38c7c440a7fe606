"""Whether the relay listens: `python -m falapp_builder.relay.probe`.

The kubelet's own probes come from outside of the pod, where nobody else shall be heard.
"""

import socket
import sys

from falapp_builder.pod.places import RELAY_PORT


def main() -> None:
    """End with 0 if it does."""
    try:
        socket.create_connection(("127.0.0.1", RELAY_PORT), timeout=2).close()
    except OSError:
        sys.exit(1)


if __name__ == "__main__":
    main()
