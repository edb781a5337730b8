"""Ports of 127.0.0.1."""

import socket

HOST = "127.0.0.1"


def free_port() -> int:
    """Return a port that nobody listens on at this moment; somebody else may take it before the caller does."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def is_open(port: int) -> bool:
    """Tell whether something accepts connections on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0
