"""Take a TCP port on every address of the pod, IPv4 and IPv6."""

import socket


class PortTakenError(Exception):
    """Another process listens on the port."""


def bind(port: int) -> socket.socket:
    """Return a socket that holds `port` and does not listen yet: connections are refused.

    Holding the app's port early reports a taken one before a long setup() instead of after it.
    """
    dual = socket.has_dualstack_ipv6()
    held = socket.socket(socket.AF_INET6 if dual else socket.AF_INET, socket.SOCK_STREAM)
    try:
        # a restarted container finds the connections of its predecessor in TIME_WAIT
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if dual:
            held.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        held.bind(("::" if dual else "0.0.0.0", port))  # noqa: S104 - probes and Services come in
    except OSError as error:
        held.close()
        raise PortTakenError(
            f"port {port} cannot be opened ({error.strerror}); "
            "no other container of the pod and nothing that the app starts may use it"
        ) from error
    return held
