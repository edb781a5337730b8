"""Ports are free when they are given out, and the same ones next time."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from skillsync.errors import Problem
from skillsync.local.ports import assign, is_free, require_free


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_port_that_somebody_listens_on_is_refused_with_advice(taken: int) -> None:
    assert not is_free(taken)
    with pytest.raises(Problem, match=rf"^Port {taken} is taken by another program: .* PORT={taken + 1}\.$"):
        require_free(taken)


def test_a_listener_on_all_addresses_takes_the_port_too() -> None:
    with socket.create_server(("", 0)) as listener:
        assert not is_free(listener.getsockname()[1])


def test_ports_are_kept_for_the_next_run(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    first = assign(["cloud", "users"], file, reserved=set())
    assert len(set(first.values())) == 2
    assert all(is_free(port) for port in first.values())
    assert assign(["users", "cloud"], file, reserved=set()) == first


def test_names_that_are_not_asked_for_keep_theirs(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    first = assign(["users", "users-worker"], file, reserved=set())
    assign(["users"], file, reserved=set())
    assert assign(["users", "users-worker"], file, reserved=set()) == first


def test_a_port_that_was_taken_meanwhile_is_replaced(tmp_path: Path, taken: int) -> None:
    file = tmp_path / "ports.json"
    file.write_text(f'{{"users": {taken}}}')
    assert assign(["users"], file, reserved=set())["users"] != taken


def test_the_gateways_port_is_not_given_away(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    port = assign(["users"], file, reserved=set())["users"]
    assert assign(["users"], file, reserved={port})["users"] != port
