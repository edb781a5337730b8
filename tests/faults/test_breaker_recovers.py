"""Promise 13: when a dependency may be well again, one request finds out; then all of them pass."""

import asyncio
from contextlib import suppress

from skillsync_kit.ids import new_id
from skillsync_kit.testing import UserPool
from skillsync_testing.clients import Clients
from skillsync_testing.deployment import Deployment
from skillsync_testing.neighbours import Neighbours
from skillsync_testing.proofs import Proof, figure

CALLERS = 50
# Less than an attempt may take: the probe is answered well, if late.
PROBE_SECONDS = 1.8
# Well before that: when it has told, everybody passes.
BESIDE_SECONDS = 1.0
PAUSE_SECONDS = 0.5


async def create(clients: Clients) -> str:
    """Write a draft with somebody whom the process does not know yet; the outcome."""
    ada, bo = new_id(), new_id()
    return clients.outcome(await clients.create(ada, clients.gift(ada, bo)))


async def opened(clients: Clients, users: Neighbours) -> None:
    """Fail until the users service is not asked any more."""
    users.behave(refused_of_ten=10)
    asked = -1
    while asked < users.users_asked:
        asked = users.users_asked
        assert await create(clients) == "dependency-unavailable"


class Crowd:
    """Callers who each insist on one draft; once a probe is on its way, each of them tries beside it."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._beside: set[int] = set()
        self.probe_has_come = asyncio.Event()
        self.all_others_were_refused = asyncio.Event()

    @property
    def refused_beside(self) -> int:
        """How many were refused after the probe had come."""
        return len(self._beside)

    async def insist(self, caller: int) -> int:
        """Try until it is done; 1 then, to be counted."""
        while True:
            is_beside = self.probe_has_come.is_set()
            if (outcome := await create(self._clients)) == "draft":
                return 1
            assert outcome == "dependency-unavailable"
            if is_beside:
                self._beside.add(caller)
                if self.refused_beside == CALLERS - 1:
                    self.all_others_were_refused.set()
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.probe_has_come.wait(), PAUSE_SECONDS)


@figure("rounds", check=1, prove=20)
async def test_one_probe_then_everybody(pool: UserPool, deployment: Deployment, proof: Proof, rounds: int) -> None:
    # One process: there is one breaker in it.
    users, clients = deployment.neighbours, Clients(pool, [deployment.service.apis[0].url])
    probes = passed = refused = 0
    for _ in proof.rounds(rounds):
        await opened(clients, users)
        users.behave(delay_seconds=PROBE_SECONDS)
        crowd, before = Crowd(clients), users.users_asked
        async with asyncio.TaskGroup() as group:
            callers = [group.create_task(crowd.insist(number)) for number in range(CALLERS)]
            while users.users_asked == before:  # noqa: ASYNC110 - the users service is in another thread
                await asyncio.sleep(0.005)
            crowd.probe_has_come.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(crowd.all_others_were_refused.wait(), BESIDE_SECONDS)
            probes += users.users_asked - before
            refused += crowd.refused_beside
            users.behave()
        passed += sum(caller.result() for caller in callers)
    await clients.close()
    proof.record(
        "13",
        f"{CALLERS} callers at half-open",
        {"probes": rounds, "passed afterwards": CALLERS * rounds},
        {"probes": probes, "passed afterwards": passed},
        trials=rounds,
        hits={"refused beside the probe": refused},
    )
