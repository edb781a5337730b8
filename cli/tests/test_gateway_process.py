"""The gateway as a process: how it starts, refuses to start, and stops."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

EDGE = next(parent for parent in Path(__file__).parents if (parent / "infra").is_dir()) / "infra/templates/edge.yaml"


def parameters(**changed: str | None) -> dict[str, str]:
    values: dict[str, str | None] = {
        "EnvName": "local",
        "UpstreamMode": "http",
        **{
            f"{name}Url": "http://127.0.0.1:9"
            for name in ("Users", "Transactions", "Notifications", "Analytics", "Operations")
        },
        "UserPoolIssuer": "https://pool.example",
        "WebClientId": "web",
        "JwksUrl": "http://127.0.0.1:9/jwks.json",
        **changed,
    }
    return {name: value for name, value in values.items() if value is not None}


def command(directory: Path, values: Any, port: int, template: Path = EDGE) -> list[str]:
    path = directory / "parameters.json"
    path.write_text(values if isinstance(values, str) else json.dumps(values))
    options = ["--port", str(port), "--template", str(template), "--parameters", str(path)]
    return [sys.executable, "-m", "skillsync.gateway", *options]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(directory: Path, **changed: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    port = free_port()
    process = subprocess.Popen(  # noqa: S603 - our own module
        command(directory, parameters(**changed), port), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        while True:
            assert process.poll() is None, process.communicate()
            try:
                assert get(port, "/_gateway/health")[0] == 200
                break
            except ConnectionRefusedError:
                os.sched_yield()
        yield process, port
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=10)


def get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_exit_code_zero(tmp_path: Path, number: int) -> None:
    with running(tmp_path) as (process, port):
        assert get(port, "/v1/nowhere")[0] == 404
        process.send_signal(number)
        out, error = process.communicate(timeout=10)
    assert process.returncode == 0
    assert error == ""
    lines = [json.loads(line) for line in out.splitlines()]
    assert [(line["status"], line["routeKey"]) for line in lines] == [(404, None)]


def test_requests_in_flight_are_finished_and_new_ones_refused(tmp_path: Path) -> None:
    service = socket.create_server(("127.0.0.1", 0))
    with running(tmp_path, NotificationsUrl=f"http://127.0.0.1:{service.getsockname()[1]}") as (process, port):
        found: list[tuple[int, bytes]] = []
        client = threading.Thread(target=lambda: found.append(get(port, "/v1/unsubscribe/abc")))
        client.start()
        connection, _ = service.accept()
        connection.recv(65536)
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: refuses(port))
        assert process.poll() is None
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone")
        client.join(10)
        process.communicate(timeout=10)
        connection.close()
    service.close()
    assert found == [(200, b"done")]
    assert process.returncode == 0


def test_two_gateways_take_turns_at_an_inherited_listener(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, inheriting(tmp_path, listener) as first:
        port = listener.getsockname()[1]
        assert answering(port) == first.pid
        kept = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        assert ask(kept) == (404, None)
        with inheriting(tmp_path, listener) as second:
            wait_until(lambda: answering(port) == second.pid)
            first.send_signal(signal.SIGTERM)
            wait_until(lambda: ask(kept) == (404, "close"))
            assert first.wait(20) == 0
            assert answering(port) == second.pid
            second.send_signal(signal.SIGTERM)
            assert second.wait(20) == 0


def test_a_gateway_without_connections_ends_at_once_and_a_second_signal_changes_nothing(tmp_path: Path) -> None:
    with running(tmp_path) as (process, port):
        idle = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        assert ask(idle) == (404, None)
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: refuses(port))
        process.send_signal(signal.SIGTERM)
        assert ask(idle) == (404, "close")
        _, error = process.communicate(timeout=10)
    assert (process.returncode, error) == (0, "")


@contextmanager
def inheriting(directory: Path, listener: socket.socket) -> Iterator[subprocess.Popen[bytes]]:
    """One that was handed the listener down."""
    process = subprocess.Popen(  # noqa: S603 - our own module
        command(directory, parameters(), 1),
        env={**os.environ, "SKILLSYNC_LISTENER": str(listener.fileno())},
        pass_fds=[listener.fileno()],
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def answering(port: int) -> int:
    """The process that answers at a port."""
    process: int = json.loads(get(port, "/_gateway/health")[1])["process"]
    return process


def ask(connection: http.client.HTTPConnection) -> tuple[int, str | None]:
    """The status, and what the answer says of the connection."""
    connection.request("GET", "/v1/nowhere")
    answer = connection.getresponse()
    answer.read()
    return answer.status, answer.headers["connection"]


def refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        # It waited to be accepted at the moment the listener closed: the next one is refused.
        return False
    return False


def wait_until(true: Callable[[], bool]) -> None:
    """The test's own time limit ends a wait in vain."""
    while not true():
        os.sched_yield()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (parameters(JwksUrl=None), "JwksUrl is missing or no http URL"),
        (parameters(JwksUrl="file:///etc/passwd"), "JwksUrl is missing or no http URL"),
        (parameters(WebClientId=None), "edge.yaml: parameter WebClientId: no value given"),
        (parameters(Wrong="x"), "edge.yaml: parameter Wrong: not declared"),
        (parameters(UpstreamMode="vpc-link"), "edge.yaml: rule VpcLinkNeedsItsNetwork:"),
        (parameters(UsersUrl="nowhere"), "edge.yaml: UsersIntegration: IntegrationUri 'nowhere' is no http URL"),
        ("{", "parameters.json: is not JSON"),
        ("[1]", "parameters.json: is not a JSON object of texts"),
    ],
)
def test_a_wrong_parameter_is_one_line_and_exit_two(tmp_path: Path, values: Any, message: str) -> None:
    assert_refused(command(tmp_path, values, free_port()), message)


def test_a_missing_template_is_one_line_and_exit_two(tmp_path: Path) -> None:
    assert_refused(command(tmp_path, parameters(), free_port(), tmp_path / "gone.yaml"), "gone.yaml: cannot be read")


def test_a_broken_template_is_one_line_and_exit_two(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("Resources: {A: !Wrong x}")
    assert_refused(command(tmp_path, parameters(), free_port(), broken), "broken.yaml:1: unknown tag !Wrong")


def test_a_busy_port_is_one_line_and_exit_two(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert_refused(
            command(tmp_path, parameters(), port), f"cannot listen on 127.0.0.1:{port} (Address already in use)"
        )


def assert_refused(arguments: list[str], message: str) -> None:
    ended = subprocess.run(arguments, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603 - likewise
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    assert message in ended.stderr
