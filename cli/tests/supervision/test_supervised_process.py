"""One process under supervision: ready, restarted, given up, stopped."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from skillsync.supervision.backoff import Backoff
from skillsync.supervision.process import SupervisedProcess
from skillsync.supervision.specification import Pace
from skillsync.supervision.supervisor import Supervisor

if TYPE_CHECKING:
    from tests.supervision.conftest import Fakes

QUICK = Pace(starting_interval_seconds=0.02, ready_interval_seconds=0.02, probe_timeout_seconds=0.3)


async def test_a_started_process_becomes_ready_and_stops_at_sigterm(fakes: "Fakes", supervisor: Supervisor) -> None:
    process = supervisor.start(fakes.specification("users"))
    assert process.state == "stopped"
    assert await process.wait_ready()
    assert process.status["state"] == "ready"
    pid = process.status["pid"]
    assert pid is not None
    assert psutil.pid_exists(pid)
    await process.stop()
    assert process.exit_code == 0
    assert not psutil.pid_exists(pid)
    assert process.status["pid"] is None
    assert fakes.states == [("users", state) for state in ("starting", "ready", "draining", "stopped")]
    assert fakes.journal() == ["users started", "users told", "users gone"]


async def test_a_killed_process_is_started_again_and_counted(fakes: "Fakes", supervisor: Supervisor) -> None:
    process = supervisor.start(fakes.specification("users"))
    await process.wait_ready()
    first = process.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await fakes.until(lambda: process.restarts == 1 and process.state == "ready")
    assert process.exit_code == -signal.SIGKILL
    assert process.pid not in (None, first)


async def test_a_process_that_never_gets_up_has_failed_after_three_attempts(
    fakes: "Fakes", supervisor: Supervisor
) -> None:
    process = supervisor.start(fakes.specification("users", "exit=1"))
    assert not await process.wait_ready()
    assert process.state == "failed"
    assert fakes.journal() == ["users started"] * 3


async def test_a_bad_setting_is_not_tried_twice(fakes: "Fakes", supervisor: Supervisor) -> None:
    process = supervisor.start(fakes.specification("users", "exit=2"))
    assert not await process.wait_ready()
    assert process.state == "failed"
    assert fakes.journal() == ["users started"]


async def test_a_process_that_was_ready_once_is_never_given_up(fakes: "Fakes", supervisor: Supervisor) -> None:
    process = supervisor.start(fakes.specification("users"))
    await process.wait_ready()
    for _ in range(4):
        killed, restarts = process.pid, process.restarts
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        await fakes.until(lambda before=restarts: process.restarts > before and process.state == "ready")  # type: ignore[misc]
    assert process.restarts == 4


async def test_one_that_ignores_sigterm_is_killed_after_its_bound(fakes: "Fakes", supervisor: Supervisor) -> None:
    process = supervisor.start(fakes.specification("users", "stubborn", stop_seconds=0.3))
    await process.wait_ready()
    pid = process.pid
    assert pid is not None
    await process.stop()
    assert process.exit_code == -signal.SIGKILL
    assert not psutil.pid_exists(pid)


async def test_one_whose_event_loop_hangs_is_killed_and_started_again(fakes: "Fakes") -> None:
    pace = replace(QUICK, silence_seconds=0.5)
    process = SupervisedProcess(fakes.specification("users"), fakes.changed, pace=pace)
    process.start()
    await process.wait_ready()
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    await fakes.until(lambda: process.restarts == 1 and process.state == "ready")
    assert process.exit_code == -signal.SIGKILL
    await process.stop()


async def test_one_that_does_not_get_ready_in_time_is_killed(fakes: "Fakes") -> None:
    pace = replace(QUICK, start_seconds=0.5)
    process = SupervisedProcess(fakes.specification("users", "mute"), fakes.changed, pace=pace, start_attempts=1)
    process.start()
    assert not await process.wait_ready()
    assert process.state == "failed"
    assert process.exit_code == -signal.SIGKILL


async def test_one_that_is_live_but_not_ready_is_left_alone(fakes: "Fakes") -> None:
    process = SupervisedProcess(fakes.specification("users"), fakes.changed, pace=replace(QUICK, silence_seconds=0.1))
    process.start()
    await process.wait_ready()
    pid = process.pid
    fakes.answer_with(503)
    await fakes.until(lambda: process.state == "starting")
    fakes.answer_with(200)
    await fakes.until(lambda: process.state == "ready")
    assert process.pid == pid
    assert process.restarts == 0
    await process.stop()


async def test_a_stop_does_not_wait_for_the_back_off(fakes: "Fakes") -> None:
    slow = Backoff(first_seconds=1000, most_seconds=1000)
    process = SupervisedProcess(fakes.specification("users", "exit=1"), fakes.changed, slow, QUICK)
    process.start()
    await fakes.until(lambda: process.state == "restarting")
    await process.stop()
    assert process.state == "stopped"
    assert fakes.journal() == ["users started"]


async def test_a_stop_right_after_the_start_leaves_no_process(fakes: "Fakes") -> None:
    others = set(psutil.Process().children())
    process = SupervisedProcess(fakes.specification("users"), fakes.changed, pace=QUICK)
    process.start()
    await process.stop()
    assert process.pid is None
    assert process.state == "stopped"
    mine = set(psutil.Process().children()) - others
    assert not [child for child in mine if child.status() != psutil.STATUS_ZOMBIE]


async def test_a_restart_on_purpose_is_not_counted_and_brings_the_new_environment(
    fakes: "Fakes", supervisor: Supervisor
) -> None:
    process = supervisor.start(fakes.specification("users"))
    await process.wait_ready()
    first = process.pid
    await process.restart({**os.environ, "FAKE_SETTING": "changed"})
    assert process.restarts == 0
    assert process.pid != first
    assert fakes.journal() == ["users started", "users told", "users gone", "users started changed"]


async def test_output_goes_to_the_log_file(fakes: "Fakes", supervisor: Supervisor) -> None:
    specification = fakes.specification("users", "exit=2")
    await supervisor.start(specification).wait_ready()
    assert specification.log_file.read_text() == "users: a bad setting\n"


async def test_a_command_that_is_not_there_is_one_line_in_the_log(fakes: "Fakes", supervisor: Supervisor) -> None:
    specification = replace(fakes.specification("users"), command=("/nowhere/python",))
    process = supervisor.start(specification)
    assert not await process.wait_ready()
    assert set(specification.log_file.read_text().splitlines()) == {
        "cannot start /nowhere/python: No such file or directory"
    }


def test_the_launcher_refuses_a_parent_that_is_gone(tmp_path: Path) -> None:
    from skillsync.supervision.child import LAUNCHER  # noqa: PLC0415

    marker = tmp_path / "ran"
    command = [sys.executable, str(LAUNCHER), "1", "9", "/usr/bin/touch", str(marker)]
    assert psutil.Popen(command).wait(timeout=20) == 1
    assert not marker.exists()
