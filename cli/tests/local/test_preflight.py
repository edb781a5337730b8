"""What is missing is said in one line before anything starts."""

import socket
from pathlib import Path

import pytest

from skillsync.errors import Problem
from skillsync.local import preflight
from skillsync.paths import Paths
from skillsync_testing.redis import Redis


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def test_a_missing_emulator_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"^The emulator is not installed \(cloud/\.venv\): run `make up`"):
        preflight.require_cloud(Paths(root=tmp_path, state=tmp_path / "state"))


def test_the_emulator_of_this_checkout_is_found(paths: Paths) -> None:
    preflight.require_cloud(paths)


def test_an_endpoint_that_does_not_answer_is_named(closed_port: int) -> None:
    with pytest.raises(
        Problem, match=rf"^AWS_ENDPOINT_URL: nothing answers at 127\.0\.0\.1:{closed_port} .*running\?$"
    ):
        preflight.require_answer(f"http://127.0.0.1:{closed_port}", "AWS_ENDPOINT_URL", "is it running?")


def test_a_cache_that_does_not_answer_is_named_without_its_password(closed_port: int) -> None:
    with pytest.raises(
        Problem, match=rf"^CACHE: the Redis server at 127\.0\.0\.1:{closed_port} cannot be used"
    ) as found:
        preflight.require_cache(f"redis://:hunter2@127.0.0.1:{closed_port}/0")
    assert "hunter2" not in str(found.value)
    assert "\n" not in str(found.value)


def test_a_cache_that_answers_is_fine(redis_server: Redis) -> None:
    preflight.require_cache(redis_server.url)
