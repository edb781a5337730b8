"""Ports on 127.0.0.1: is one free, and which ones to take."""

import json
import socket
from collections.abc import Iterable
from pathlib import Path

from skillsync.errors import Problem

HOST = "127.0.0.1"


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        # As servers do: connections in TIME_WAIT do not count, a listener does.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            return False
        return True


def require_free(port: int) -> None:
    """Raise Problem when another program listens on the gateway's port."""
    if not is_free(port):
        other = port + 1 if port < 65535 else 8080
        raise Problem(f"Port {port} is taken by another program: stop that, or choose another one with PORT={other}.")


def assign(names: Iterable[str], file: Path, reserved: set[int]) -> dict[str, int]:
    """A free port for each name: the one it had last time if possible. The choice is remembered in `file`.

    A name that is not asked for now (a worker, say) keeps its port for later.
    """
    remembered = _read(file)
    taken = set(reserved)
    chosen: dict[str, int] = {}
    for name in names:
        port = remembered.get(name, 0)
        if port in taken or not port or not is_free(port):
            port = _unused(taken)
        taken.add(port)
        chosen[name] = port
    file.write_text(json.dumps(remembered | chosen), encoding="utf-8")
    return chosen


def _read(file: Path) -> dict[str, int]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): port for name, port in content.items() if isinstance(port, int)}


def _unused(taken: set[int]) -> int:
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
            listener.bind((HOST, 0))
            port: int = listener.getsockname()[1]
        if port not in taken:
            return port
