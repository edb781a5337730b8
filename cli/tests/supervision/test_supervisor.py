"""All processes together: order of the drain, and what a dead supervisor leaves."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from skillsync.errors import Problem
from skillsync.supervision.specification import Kind
from skillsync.supervision.supervisor import Supervisor

if TYPE_CHECKING:
    from tests.supervision.conftest import Fakes

# A supervisor of two fakes in a process of its own; it prints their pids once they are ready.
SUPERVISE = """
import asyncio, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from conftest import QUICK, Fakes
from skillsync.supervision.supervisor import Supervisor

async def main():
    fakes = Fakes(Path(sys.argv[2]))
    supervisor = Supervisor(fakes.changed, pace=QUICK)
    supervisor.start(fakes.specification("users", "stubborn"))
    supervisor.start(fakes.specification("cloud", kind="cloud", death_signal=signal.SIGTERM))
    await supervisor.require_ready(["users", "cloud"])
    print(*(process.pid for process in supervisor.processes.values()), flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_the_drain_goes_from_the_gateway_to_the_services_to_the_cloud(
    fakes: "Fakes", supervisor: Supervisor
) -> None:
    kinds: dict[str, Kind] = {"cloud": "cloud", "users": "service", "users-worker": "worker", "gateway": "gateway"}
    for name, kind in kinds.items():
        supervisor.start(fakes.specification(name, "slow", kind=kind))
    await supervisor.require_ready(supervisor.processes)
    await supervisor.drain()
    ending = [line for line in fakes.journal() if not line.endswith("started")]
    assert ending[:2] == ["gateway told", "gateway gone"]
    assert set(ending[2:4]) == {"users told", "users-worker told"}
    assert set(ending[4:6]) == {"users gone", "users-worker gone"}
    assert ending[6:] == ["cloud told", "cloud gone"]


async def test_the_first_to_fail_is_told_with_its_last_words(fakes: "Fakes", supervisor: Supervisor) -> None:
    supervisor.start(fakes.specification("users", "mute"))
    supervisor.start(fakes.specification("analytics", "exit=2"))
    with pytest.raises(Problem, match=r"^analytics did not start: analytics: a bad setting \(more: .*logs analytics"):
        await supervisor.require_ready(["users", "analytics"])


async def test_a_second_ctrl_c_kills_all_but_the_cloud(fakes: "Fakes", supervisor: Supervisor) -> None:
    users = supervisor.start(fakes.specification("users", "stubborn", stop_seconds=1000))
    cloud = supervisor.start(fakes.specification("cloud", kind="cloud"))
    await supervisor.require_ready(["users", "cloud"])
    supervisor.hurry()
    await supervisor.drain()
    assert users.exit_code == -signal.SIGKILL
    assert cloud.exit_code == 0


def test_no_child_outlives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SUPERVISE, str(Path(__file__).parent), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as supervisor:  # noqa: S603
        assert supervisor.stdout is not None
        children = [psutil.Process(int(pid)) for pid in supervisor.stdout.readline().split()]
        assert len(children) == 2
        os.kill(supervisor.pid, signal.SIGKILL)
        _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []
    # The cloud was told, so that it could save; the stubborn one was not asked.
    assert (tmp_path / "journal").read_text().splitlines()[-2:] == ["cloud told", "cloud gone"]
