import socket

import pytest

from falapp_runner import port


def test_a_held_port_refuses_until_it_listens():
    with port.bind(0) as held:
        number = held.getsockname()[1]
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", number))
        held.listen()
        socket.create_connection(("127.0.0.1", number)).close()


def test_a_machine_without_ipv6(monkeypatch):
    monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: False)
    with port.bind(0) as held:
        assert held.family is socket.AF_INET


def test_a_taken_port_is_named_with_a_way_out():
    with port.bind(0) as held:
        held.listen()
        number = held.getsockname()[1]
        with pytest.raises(port.PortTakenError, match=rf"port {number} .* no other container"):
            port.bind(number)
