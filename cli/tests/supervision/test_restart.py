"""A restart on purpose: who may run beside whom, what happens when the new one is no good, what is not counted."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import psutil
import pytest

from skillsync.errors import Problem
from skillsync.local.crashes import Crashes
from skillsync.supervision.probe import probe
from skillsync.supervision.specification import Kind
from skillsync.supervision.supervisor import Supervisor

if TYPE_CHECKING:
    from tests.supervision.conftest import Fakes


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what no change of state tells; the test's own time limit ends a wait in vain."""
    while not condition():  # noqa: ASYNC110 - there is no event for it
        await asyncio.sleep(0.005)


async def test_the_new_one_is_ready_before_the_old_one_is_told(fakes: "Fakes", supervisor: Supervisor) -> None:
    process = supervisor.start(fakes.specification("users", handed_down=True))
    await process.wait_ready()
    first, told_before = process.pid, len(fakes.states)
    await process.restart()
    assert fakes.journal() == ["users started", "users started", "users told", "users gone"]
    assert first is not None
    assert process.pid not in (None, first)
    assert not psutil.pid_exists(first)
    assert process.pids == [process.pid]
    # Nobody who looks sees anything but a process that is ready, and that it is another one.
    assert fakes.states[told_before:] == [("users", "ready")]
    assert fakes.pids[-1] == process.pid
    await process.stop()
    assert fakes.journal()[4:] == ["users told", "users gone"]


async def test_both_are_known_while_the_one_takes_over(fakes: "Fakes", supervisor: Supervisor) -> None:
    process = supervisor.start(fakes.specification("users", "slow", handed_down=True))
    await process.wait_ready()
    restarting = asyncio.create_task(process.restart())
    await fakes.until(lambda: len(process.pids) == 2 and fakes.pids[-1] == process.pid)
    assert {identity["pid"] for identity in supervisor.identities()} == set(process.pids)
    await restarting


async def test_requests_find_somebody_all_the_time(fakes: "Fakes", supervisor: Supervisor) -> None:
    process = supervisor.start(fakes.specification("users", handed_down=True))
    await process.wait_ready()
    restarting = asyncio.create_task(process.restart())
    seen = set()
    while not restarting.done():
        answer = await probe(process.specification.ready_url, 10)
        assert answer is not None
        seen.add(answer.process)
    answer = await probe(process.specification.ready_url, 10)
    assert answer is not None
    assert seen | {answer.process} >= {process.pid}
    assert answer.process == process.pid


async def test_one_whose_successor_is_no_good_goes_on_and_it_is_said_why(
    fakes: "Fakes", supervisor: Supervisor
) -> None:
    process = supervisor.start(fakes.specification("users", handed_down=True))
    await process.wait_ready()
    first = process.pid
    fakes.fail_from_now_on("no such table")
    with pytest.raises(Problem, match=r"^users: the new process is not ready; the old one goes on: no such table$"):
        await process.restart()
    assert (process.pid, process.state, process.restarts) == (first, "ready", 0)
    assert process.pids == [first]
    assert "users told" not in fakes.journal()


@pytest.mark.parametrize("kind", ["worker", "cloud"])
async def test_a_worker_and_the_cloud_end_before_the_next_begins(
    fakes: "Fakes", supervisor: Supervisor, kind: Kind
) -> None:
    process = supervisor.start(fakes.specification("one", kind=kind, handed_down=kind == "worker"))
    await process.wait_ready()
    first = process.pid
    await process.restart()
    assert fakes.journal() == ["one started", "one told", "one gone", "one started"]
    assert process.pid not in (None, first)
    assert process.state == "ready"


async def test_one_that_had_to_end_first_and_has_no_successor_has_failed_until_it_is_restarted_again(
    fakes: "Fakes", supervisor: Supervisor
) -> None:
    process = supervisor.start(fakes.specification("one", "slow", kind="worker", handed_down=True))
    await process.wait_ready()
    words = fakes.directory / "journal.words"
    fakes.fail_from_now_on("no such queue")
    with pytest.raises(Problem, match=r"^one: the new process is not ready: no such queue$"):
        await process.restart()
    assert ("one", "failed") in fakes.states
    words.unlink()
    await process.restart()
    assert process.status["state"] == "ready"


async def test_a_restart_is_no_crash_and_a_crash_during_it_is_one(fakes: "Fakes", supervisor: Supervisor) -> None:
    crashes = Crashes()
    process = supervisor.start(fakes.specification("users", handed_down=True))
    await process.wait_ready()
    await process.restart()
    assert crashes.observe(process) is None
    assert process.restarts == 0
    killed = process.pid
    assert killed is not None
    restarting = asyncio.create_task(process.restart())
    await asyncio.sleep(0)  # so that it begins
    os.kill(killed, signal.SIGKILL)
    await restarting
    await until(lambda: process.state == "ready" and len(process.pids) == 1)
    assert (crashes.observe(process), process.restarts) == ("crashed", 1)
    assert process.pid not in (None, killed)
    assert process.pids == [process.pid]


async def test_a_stop_during_a_restart_leaves_nothing(fakes: "Fakes", supervisor: Supervisor) -> None:
    process = supervisor.start(fakes.specification("users", "slow", handed_down=True))
    await process.wait_ready()
    restarting = asyncio.create_task(process.restart())
    await until(lambda: len(process.pids) == 2)
    await process.stop()
    await asyncio.wait({restarting})
    assert isinstance(restarting.exception(), Problem)
    assert process.pids == []
    assert process.state == "stopped"


async def test_connections_wait_while_a_process_is_away_and_are_refused_once_it_is_stopped(
    fakes: "Fakes", supervisor: Supervisor
) -> None:
    process = supervisor.start(fakes.specification("users", handed_down=True))
    await process.wait_ready()
    killed = process.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    answer = await probe(process.specification.ready_url, 10)
    assert answer is not None
    assert answer.process != killed
    await process.stop()
    assert await probe(process.specification.ready_url, 10) is None


async def test_a_port_that_is_taken_is_a_problem(fakes: "Fakes", supervisor: Supervisor) -> None:
    specification = fakes.specification("users", handed_down=True)
    with (
        socket.create_server(("127.0.0.1", specification.port or 0)),
        pytest.raises(
            Problem, match=rf"^users cannot listen on 127.0.0.1:{specification.port}: Address already in use"
        ),
    ):
        supervisor.start(specification)


async def test_another_process_that_answers_does_not_make_this_one_ready(
    fakes: "Fakes", supervisor: Supervisor
) -> None:
    specification = fakes.specification("users")
    stranger = supervisor.start(specification)
    await stranger.wait_ready()
    mute = fakes.specification("analytics", "mute")
    process = supervisor.start(replace(mute, ready_url=specification.ready_url, live_url=specification.live_url))
    await fakes.until(lambda: ("analytics", "starting") in fakes.states)
    # Two probes of it, at least, have been answered by then.
    for _ in range(3):
        assert await probe(specification.ready_url, 10) is not None
        await asyncio.sleep(0.05)
    assert process.state == "starting"


async def test_the_order_of_a_restart_of_all(fakes: "Fakes", supervisor: Supervisor) -> None:
    kinds: dict[str, Kind] = {"cloud": "cloud", "gateway": "gateway", "users-worker": "worker", "users": "service"}
    for name, kind in kinds.items():
        supervisor.start(fakes.specification(name, kind=kind))
    assert supervisor.restart_order() == ["users", "users-worker", "gateway"]
