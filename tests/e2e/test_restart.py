"""`skillsync restart` on a running system: every process is another one afterwards, and no request fails meanwhile."""

import asyncio
import json
import os
import stat
from uuid import uuid4

from skillsync_testing.lanes import Tally, in_lanes, request
from skillsync_testing.member import Member, swap
from skillsync_testing.system import System

# A load that leaves the processors to those that start.
LANES, PAUSE_SECONDS = 4, 0.02


async def test_all_processes_are_replaced_and_no_request_fails(system: System) -> None:
    ana, bo = system.member("Ana").make_profile(), system.member("Bo").make_profile()
    wanted = requests(ana, bo)
    before = {process["name"]: process for process in system.status["processes"]}
    tally = Tally()
    done = asyncio.Event()
    number = 0

    def next_request() -> bytes | None:
        nonlocal number
        number += 1
        if done.is_set():
            return None
        if number % 20:
            return wanted[number % len(wanted)]
        return request(
            "POST", "/v1/transactions", token=ana.token, body=swap(bo), headers={"Idempotency-Key": uuid4().hex}
        )

    loading = asyncio.create_task(in_lanes(system.port, LANES, next_request, tally, pause_seconds=PAUSE_SECONDS))
    await until_sent(tally, 40)
    told = await asyncio.to_thread(system.command, "restart")
    await until_sent(tally, tally.sent + 40)
    done.set()
    await loading

    assert told.returncode == 0, told.stdout + told.stderr
    assert (tally.failed, dict(tally.bad)) == (0, {}), f"of {tally.sent}"
    after = {process["name"]: process for process in system.status["processes"]}
    assert {name: process["restarts"] for name, process in after.items()} == {
        name: process["restarts"] for name, process in before.items()
    }
    replaced = {name for name, process in after.items() if process["pid"] != before[name]["pid"]}
    assert replaced == set(before) - {"cloud"}
    assert {process["state"] for process in after.values()} == {"ready"}
    in_order = [name for name in told.stdout.replace("✓", " ").split() if name in before]
    assert in_order[-1] == "gateway"
    assert set(in_order) == replaced
    ana.finalized_exchange_with(bo)


def test_one_process_is_replaced_by_its_name(system: System) -> None:
    before = {process["name"]: process["pid"] for process in system.status["processes"]}
    told = system.command("restart", "users")
    assert told.returncode == 0, told.stderr
    after = {process["name"]: process["pid"] for process in system.status["processes"]}
    assert {name for name in after if after[name] != before[name]} == {"users"}


def test_an_unknown_process_is_a_line_that_names_the_known_ones(system: System) -> None:
    told = system.command("restart", "nobody")
    assert told.returncode == 1
    names = ", ".join(process["name"] for process in system.status["processes"])
    assert told.stderr == f"skillsync: There is no process 'nobody': say one of {names}.\n"


def test_the_socket_is_its_owners_alone(system: System) -> None:
    control = system.state_directory / "control"
    assert stat.S_ISSOCK(os.stat(control).st_mode)
    assert stat.S_IMODE(os.stat(control).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(system.state_directory).st_mode) == 0o700


def requests(ana: Member, bo: Member) -> list[bytes]:
    """What two members look at, at every service."""
    id = json.loads(ana.post("/transactions", swap(bo)).content)["id"]
    paths = (f"/v1/transactions/{id}", "/v1/users/me", "/v1/analytics/me", f"/v1/users/{bo.id}/stats")
    return [request("GET", path, token=ana.token) for path in paths]


async def until_sent(tally: Tally, count: int) -> None:
    """Wait for the load; the test's own time limit ends a wait in vain."""
    while tally.sent < count:  # noqa: ASYNC110 - a lane has no event for each request
        await asyncio.sleep(0.01)
