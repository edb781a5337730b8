"""The socket by which `skillsync restart` reaches the supervisor, and what the command makes of its answers."""

import asyncio
import json
import socket
import stat
from collections.abc import AsyncIterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from skillsync.errors import Problem
from skillsync.local.control import LONGEST_PATH_BYTES, Control
from skillsync.local.restart import restart
from skillsync.paths import Paths

KNOWN = ["users", "analytics", "gateway"]


class Fleet:
    """Restarts nothing, and remembers what it was asked for; `broken` does not get ready."""

    def __init__(self) -> None:
        self.restarted: list[str] = []
        self.broken = ""
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()

    def order(self, name: str) -> list[str]:
        if name and name not in KNOWN:
            raise Problem(f"There is no process '{name}'.")
        return [name] if name else KNOWN

    async def restart(self, name: str) -> None:
        await self.may_go_on.wait()
        if name == self.broken:
            raise Problem(f"{name}: the new process is not ready")
        self.restarted.append(name)


@pytest.fixture
def fleet() -> Fleet:
    return Fleet()


@pytest.fixture
async def control(paths: Paths, fleet: Fleet) -> AsyncIterator[Control]:
    made = Control(paths.control, fleet.order, fleet.restart)
    assert await made.open()
    yield made
    await made.close()


async def run(paths: Paths, process: str = "") -> list[str]:
    """The command as a person runs it; the lines it prints, without their times."""
    output = StringIO()
    await asyncio.to_thread(restart, paths, process, Console(file=output, width=120))
    return [line.split()[1] for line in output.getvalue().splitlines()]


@pytest.mark.usefixtures("control")
async def test_all_are_restarted_one_after_another_with_a_line_each(paths: Paths, fleet: Fleet) -> None:
    assert await run(paths) == KNOWN
    assert fleet.restarted == KNOWN


@pytest.mark.usefixtures("control")
async def test_one_is_restarted_by_its_name(paths: Paths, fleet: Fleet) -> None:
    assert await run(paths, "analytics") == ["analytics"]
    assert fleet.restarted == ["analytics"]


@pytest.mark.usefixtures("control")
async def test_the_first_that_does_not_get_ready_is_the_last_that_is_tried(paths: Paths, fleet: Fleet) -> None:
    fleet.broken = "analytics"
    with pytest.raises(Problem, match=r"^analytics: the new process is not ready$"):
        await run(paths)
    assert fleet.restarted == ["users"]


@pytest.mark.usefixtures("control")
async def test_a_name_that_is_unknown_is_a_problem(paths: Paths) -> None:
    with pytest.raises(Problem, match=r"^There is no process 'nobody'\.$"):
        await run(paths, "nobody")


@pytest.mark.usefixtures("control")
async def test_the_socket_is_its_owners_alone(paths: Paths) -> None:
    assert stat.S_IMODE(paths.control.stat().st_mode) == 0o600


@pytest.mark.usefixtures("control")
@pytest.mark.parametrize("line", [b"\n", b"{\n", b"[]\n", b"{}\n", b'{"restart": 7}\n', b"\xff\n", b"x" * 5000 + b"\n"])
async def test_what_is_no_request_is_answered_and_restarts_nothing(paths: Paths, fleet: Fleet, line: bytes) -> None:
    reader, writer = await asyncio.open_unix_connection(paths.control)
    writer.write(line)
    told = json.loads(await reader.readline())
    assert told["problem"].startswith("The running SkillSync does not know this request")
    assert await reader.read() == b""
    writer.close()
    assert fleet.restarted == []


async def test_who_hangs_up_stops_what_was_not_begun(paths: Paths, fleet: Fleet, control: Control) -> None:
    fleet.may_go_on.clear()
    reader, writer = await asyncio.open_unix_connection(paths.control)
    writer.write(b'{"restart": ""}\n')
    assert json.loads(await reader.readline()) == {"restarting": "users"}
    writer.close()
    await writer.wait_closed()
    fleet.may_go_on.set()
    while control.is_talking:  # noqa: ASYNC110 - there is no event for it
        await asyncio.sleep(0)
    assert fleet.restarted in (["users"], ["users", "analytics"])


async def test_a_supervisor_that_ends_meanwhile_is_a_problem(paths: Paths, fleet: Fleet, control: Control) -> None:
    fleet.may_go_on.clear()
    running = asyncio.create_task(run(paths))
    while not control.is_talking:  # noqa: ASYNC110 - there is no event for it
        await asyncio.sleep(0.01)
    await control.close()
    with pytest.raises(Problem, match="ended before the restart was done"):
        await running
    assert not paths.control.exists()


async def test_without_a_supervisor_there_is_nobody_to_ask(paths: Paths) -> None:
    with pytest.raises(Problem, match=r"^SkillSync does not run here"):
        await run(paths)
    with socket.socket(socket.AF_UNIX) as killed:  # it left its socket behind
        killed.bind(str(paths.control))
    with pytest.raises(Problem, match=r"^SkillSync does not run here"):
        await run(paths)


async def test_what_a_killed_supervisor_left_is_replaced(paths: Paths, fleet: Fleet) -> None:
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(paths.control))
    control = Control(paths.control, fleet.order, fleet.restart)
    assert await control.open()
    assert await run(paths, "users") == ["users"]
    await control.close()


async def test_a_path_that_is_too_long_for_a_socket_is_told(paths: Paths, fleet: Fleet) -> None:
    long = replace(paths, state=paths.state / ("x" * LONGEST_PATH_BYTES))
    assert not await Control(long.control, fleet.order, fleet.restart).open()
    with pytest.raises(Problem, match="too long for a socket in it: choose a shorter SKILLSYNC_STATE_DIRECTORY"):
        await run(long)


def test_the_longest_path_is_one_that_a_socket_can_have(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path = path.with_name("x" * (LONGEST_PATH_BYTES - len(str(tmp_path)) - 1))
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))
