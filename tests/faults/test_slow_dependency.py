"""Promise 12: a dependency that is slow, or fails now and then, stays its own problem, and is not asked more for it.

What needs it is refused soon; what does not is served as ever.
"""

import asyncio
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import pytest

from skillsync_kit.ids import new_id
from skillsync_kit.retry_budget import RESERVE
from skillsync_kit.testing import UserPool
from skillsync_testing.clients import Clients
from skillsync_testing.deployment import Deployment
from skillsync_testing.proofs import Proof, figure

SLOW_SECONDS = 10
DEADLINE_SECONDS = 3.0
# By then the first attempts, which take two seconds each, have opened the breakers.
NOTICED_SECONDS = 6.0
# A probe takes two seconds, and two pass before it.
A_PROBE_SECONDS = 4.0
AT_ONCE_SECONDS = 1.0
CREATES_A_SECOND, FINALIZES_A_SECOND = 20, 10
REFUSED_OF_TEN = 3
PROCESSES = 2


@pytest.fixture
async def clients(pool: UserPool, deployment: Deployment) -> AsyncIterator[Clients]:
    """Connections of this test's own; the users service is well again afterwards."""
    clients = Clients(pool, [process.url for process in deployment.service.apis])
    yield clients
    deployment.neighbours.behave()
    for number in range(PROCESSES):
        while await created(clients, at=number) != "draft":  # noqa: ASYNC110 - the breaker is in another process
            await asyncio.sleep(0.1)
    await clients.close()


async def created(clients: Clients, **more: Any) -> str:
    """Write a draft of people whom no process knows: their names are asked for. What came of it, in a word."""
    ada, bo = new_id(), new_id()
    return clients.outcome(await clients.create(ada, clients.gift(ada, bo), **more))


class Times:
    """How long each answer took, and what came of it in a word."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.outcomes: Counter[str] = Counter()

    async def measure(self, outcome: Awaitable[str]) -> None:
        """Wait for it, and note it."""
        began = time.monotonic()
        self.outcomes[await outcome] += 1
        self.seconds.append(time.monotonic() - began)

    def percentile(self, percent: int) -> float:
        """Seconds that so many of a hundred took at most."""
        return sorted(self.seconds)[len(self.seconds) * percent // 100]


@figure("seconds", check=9, prove=60)
async def test_it_stays_its_own_problem(clients: Clients, deployment: Deployment, proof: Proof, seconds: int) -> None:
    accepted: list[tuple[str, str]] = []

    async def accept(_: int) -> None:
        ada, bo = new_id(), new_id()
        accepted.append((await clients.accepted(ada, bo, clients.gift(ada, bo)), bo))

    async def finalized(id: str, by: str) -> str:
        return clients.outcome(await clients.act("finalize", id, by, deadline_seconds=DEADLINE_SECONDS))

    await clients.in_lanes(range(FINALIZES_A_SECOND * seconds), accept)
    users, creates, late_creates, finalizes = deployment.neighbours, Times(), Times(), Times()
    users.behave(delay_seconds=SLOW_SECONDS)
    asked, began = users.users_asked, time.monotonic()
    calls, early_attempts = CREATES_A_SECOND * seconds, 0
    async with asyncio.TaskGroup() as group:
        for number in proof.rounds(calls):
            at = number / CREATES_A_SECOND
            await asyncio.sleep(began + at - time.monotonic())
            times = creates if at < NOTICED_SECONDS else late_creates
            early_attempts = users.users_asked - asked if at < NOTICED_SECONDS else early_attempts
            group.create_task(times.measure(created(clients, deadline_seconds=DEADLINE_SECONDS)))
            if number % (CREATES_A_SECOND // FINALIZES_A_SECOND) == 0:
                group.create_task(finalizes.measure(finalized(*accepted.pop())))
    attempts, late_median = users.users_asked - asked, late_creates.percentile(50)
    most_probes = PROCESSES * math.ceil((seconds - NOTICED_SECONDS) / A_PROBE_SECONDS + 1)
    creates.seconds += late_creates.seconds
    outcomes = creates.outcomes + late_creates.outcomes
    proof.record(
        "12",
        f"users at {SLOW_SECONDS} s: create and finalize under a deadline of {DEADLINE_SECONDS:g} s",
        {
            "finalized": FINALIZES_A_SECOND * seconds,
            "creates refused as dependency-unavailable": calls,
            "create p99 within its deadline": True,
            "finalize p99 within its deadline": True,
            "refused at once when the breaker is open": True,
            "nothing but probes then": True,
            "attempts <= 1.1 x calls + reserve": True,
        },
        {
            "finalized": finalizes.outcomes["finalized"],
            "creates refused as dependency-unavailable": outcomes["dependency-unavailable"],
            "create p99 within its deadline": creates.percentile(99) <= DEADLINE_SECONDS,
            "finalize p99 within its deadline": finalizes.percentile(99) <= DEADLINE_SECONDS,
            "refused at once when the breaker is open": late_median < AT_ONCE_SECONDS,
            "nothing but probes then": attempts - early_attempts <= most_probes,
            "attempts <= 1.1 x calls + reserve": attempts <= 1.1 * calls + PROCESSES * RESERVE,
        },
        f"p99 of finalize {finalizes.percentile(99):.3f} s, of create {creates.percentile(99):.2f} s; "
        f"median of creates after {NOTICED_SECONDS:g} s {late_median:.3f} s; {attempts} attempts of {calls} calls, "
        f"{attempts - early_attempts} of them after that",
        hits={"slow answer": attempts},
    )


@figure("calls", check=100, prove=1000)
async def test_it_is_not_asked_more_for_failing(
    clients: Clients, deployment: Deployment, proof: Proof, calls: int
) -> None:
    users = deployment.neighbours
    # Too few failures for the breaker: it is the budget that counts here.
    users.behave(refused_of_ten=REFUSED_OF_TEN)
    asked, outcomes = users.users_asked, Counter[str]()

    async def create(_: int) -> None:
        outcomes[await created(clients, at=0)] += 1

    await clients.in_lanes(proof.rounds(calls), create)
    attempts = users.users_asked - asked
    proof.record(
        "12",
        f"users refuses {REFUSED_OF_TEN} of 10",
        {"attempts <= 1.1 x calls + reserve": True, "created or refused": calls},
        {
            "attempts <= 1.1 x calls + reserve": attempts <= 1.1 * calls + RESERVE,
            "created or refused": outcomes["draft"] + outcomes["dependency-unavailable"],
        },
        f"{attempts} attempts of {calls} calls, created {outcomes['draft']}",
        hits={"refusal": outcomes["dependency-unavailable"]},
    )
