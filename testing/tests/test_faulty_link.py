"""A faulty link passes everything while it is well, and does exactly the fault it is told."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from skillsync_testing.faulty_link import FaultyLink
from skillsync_testing.ports import HOST


class Echo:
    """A server that sends back what it gets, and says `bye` when its peer has closed its side."""

    def __init__(self) -> None:
        self._listener = socket.create_server((HOST, 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._answer, args=(self._listener.accept()[0],), daemon=True).start()

    def _answer(self, peer: socket.socket) -> None:
        with contextlib.suppress(OSError), peer:
            while data := peer.recv(65536):
                peer.sendall(data)
            peer.sendall(b"bye")

    def stop(self) -> None:
        self._listener.close()


@pytest.fixture
def link() -> Iterator[FaultyLink]:
    echo = Echo()
    link = FaultyLink(echo.port)
    link.start()
    yield link
    link.stop()
    echo.stop()


def connect(link: FaultyLink) -> socket.socket:
    return socket.create_connection((HOST, link.port), timeout=5)


def read(peer: socket.socket, length: int) -> bytes:
    found = b""
    while len(found) < length and (more := peer.recv(65536)):
        found += more
    return found


def test_a_good_link_passes_everything_in_order_and_the_end_too(link: FaultyLink) -> None:
    sent = bytes(range(256)) * 4000
    with connect(link) as peer:
        sender = threading.Thread(target=peer.sendall, args=(sent,))
        sender.start()
        assert read(peer, len(sent)) == sent
        sender.join()
        peer.shutdown(socket.SHUT_WR)
        assert read(peer, 3) == b"bye"
        assert peer.recv(1) == b""
    assert not link.hits


def test_what_clients_say_is_heard_by_connection_and_what_they_are_told_is_not(link: FaultyLink) -> None:
    with connect(link) as one, connect(link) as other:
        one.sendall(b"before")
        assert read(one, 6) == b"before"
        with link.listening() as heard:
            for peer, said in ((one, b"Good day"), (other, b"Hello"), (one, b"!")):
                peer.sendall(said)
                assert read(peer, len(said)) == said
            assert sorted(heard()) == [b"Good day!", b"Hello"]
        one.sendall(b"after")
        assert read(one, 5) == b"after"
        assert sorted(heard()) == [b"Good day!", b"Hello"]


def is_reset(peer: socket.socket) -> bool:
    """Whether what is sent now meets a reset."""
    try:
        peer.sendall(b"hello")
        peer.recv(1)
    except (ConnectionResetError, BrokenPipeError):
        return True
    return False


def is_reset_anew(link: FaultyLink) -> bool:
    """Whether a new connection meets a reset, at once or when something is sent on it."""
    try:
        with connect(link) as peer:
            return is_reset(peer)
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("fault", ["delay", "throttle"])
def test_what_is_only_slowed_arrives_whole(link: FaultyLink, fault: str) -> None:
    sent = b"x" * 3000
    with connect(link) as peer, link.behaving(fault):  # type: ignore[arg-type]
        peer.sendall(sent)
        assert read(peer, len(sent)) == sent
    assert link.hits[fault] >= 2


def test_a_reset_ends_old_and_new_connections(link: FaultyLink) -> None:
    with connect(link) as peer:
        peer.sendall(b"hello")
        assert read(peer, 5) == b"hello"
        with link.behaving("reset"):
            assert is_reset(peer)
            assert is_reset_anew(link)
        assert not is_reset_anew(link)
    assert link.hits["reset"] == 2


def test_a_black_hole_swallows_and_cuts_when_it_is_over(link: FaultyLink) -> None:
    with connect(link) as peer:
        with link.behaving("black hole"):
            peer.sendall(b"hello")
            peer.settimeout(0.3)
            with pytest.raises(TimeoutError):
                peer.recv(1)
        peer.settimeout(5)
        with pytest.raises(ConnectionResetError):
            peer.recv(1)
    assert link.hits["black hole"] == 1


def test_half_a_close_lets_answers_through_and_nothing_more_to_the_server(link: FaultyLink) -> None:
    with connect(link) as peer, link.behaving("half-close"):
        peer.sendall(b"hello")
        assert read(peer, 8) == b"hellobye"
    assert link.hits["half-close"] >= 1


def test_a_target_that_is_away_is_a_reset(link: FaultyLink) -> None:
    link.target_port = 1
    assert is_reset_anew(link)
