"""Never end a stranger's process."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from skillsync.supervision.identification import clean_up, find, identify

SLEEPER = "import time; time.sleep(1000)"
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('ready', flush=True); time.sleep(1000)"


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-S", "-c", SLEEPER]) as process:  # noqa: S603
        yield process
        process.kill()


def test_a_process_is_found_by_pid_start_and_command(sleeper: subprocess.Popen[bytes]) -> None:
    identity = identify("users", sleeper.pid, "time.sleep")
    found = find(identity)
    assert found is not None
    assert found.pid == sleeper.pid


def test_a_pid_that_was_given_to_another_process_is_left_alone(sleeper: subprocess.Popen[bytes]) -> None:
    identity = identify("users", sleeper.pid, "time.sleep")
    identity["started"] -= 60
    assert clean_up([identity], grace_seconds=5) == []
    assert sleeper.poll() is None


def test_a_process_with_another_command_is_left_alone(sleeper: subprocess.Popen[bytes]) -> None:
    identity = identify("users", sleeper.pid, "skillsync_users.main")
    assert clean_up([identity], grace_seconds=5) == []
    assert sleeper.poll() is None


def test_a_leftover_is_ended(sleeper: subprocess.Popen[bytes]) -> None:
    (cleaned,) = clean_up([identify("users", sleeper.pid, "time.sleep")], grace_seconds=20)
    assert (cleaned.name, cleaned.pid, cleaned.killed) == ("users", sleeper.pid, False)
    assert not psutil.pid_exists(sleeper.pid)


def test_a_leftover_that_ignores_sigterm_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-S", "-c", STUBBORN], stdout=subprocess.PIPE) as process:  # noqa: S603
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        (cleaned,) = clean_up([identify("users", process.pid, "signal")], grace_seconds=0.3)
        assert cleaned.killed
        assert not psutil.pid_exists(process.pid)


def test_one_that_is_gone_is_not_found(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-S", "-c", SLEEPER]) as process:  # noqa: S603
        identity = identify("users", process.pid, "time.sleep")
        process.kill()
        process.wait()
    assert find(identity) is None
