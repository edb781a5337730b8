"""A crash is told from a restart on purpose."""

import signal
from pathlib import Path

from skillsync.local.crashes import Crashes, describe_exit
from skillsync.supervision.process import SupervisedProcess
from skillsync.supervision.specification import Specification


def process() -> SupervisedProcess:
    specification = Specification(
        name="users",
        kind="service",
        command=(),
        environment={},
        url="",
        ready_url="",
        live_url="",
        log_file=Path(),
        directory=Path(),
        marker="",
    )
    return SupervisedProcess(specification, lambda changed: None)


def test_a_crash_is_seen_once_and_so_is_the_return() -> None:
    crashes, users = Crashes(), process()
    users.state, users.restarts = "restarting", 1
    assert crashes.observe(users) == "crashed"
    users.state = "starting"
    assert crashes.observe(users) is None
    users.state = "ready"
    assert crashes.observe(users) == "back"
    assert crashes.observe(users) is None


def test_a_restart_on_purpose_is_no_crash() -> None:
    crashes, users = Crashes(), process()
    for state in ("ready", "restarting", "starting", "ready"):
        users.state = state
        assert crashes.observe(users) is None


def test_an_exit_is_described() -> None:
    assert describe_exit(-signal.SIGKILL) == "signal 9"
    assert describe_exit(2) == "status 2"
