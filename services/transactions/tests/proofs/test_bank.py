"""Promise 5, Jepsen's bank test: people exchange hours while processes are killed, and no reader sees a wrong sum."""

import asyncio
from collections import Counter
from random import Random

from skillsync_testing.clients import Clients
from skillsync_testing.deployment import Deployment
from skillsync_testing.proofs import Proof, figure

from .books import Books
from .community import MUST_HAPPEN, Community, is_illegal
from .faults import AFTER_COMMIT, Faults

LANES = 8
PAUSE_SECONDS = 0.1


# Operations, faults, and what must have happened among them: everything, when there are enough of them.
FEW = (300, 1, {"accept done", "finalize done"})
MANY = (10_000, 40, MUST_HAPPEN)


@figure("size", check=FEW, prove=MANY)
async def test_hours_are_conserved(
    clients: Clients, books: Books, deployment: Deployment, proof: Proof, size: tuple[int, int, set[str]]
) -> None:
    operations, faults, must_happen = size
    community = Community(clients)
    breaking = Faults(deployment.service.apis, proof.random, faults, operations)
    numbers, levels, is_over = enumerate(proof.rounds(operations)), set[str](), asyncio.Event()
    seen: Counter[str] = Counter()

    async def live(dice: Random) -> None:
        for number, _ in numbers:
            breaking.pass_operation(number)
            await community.act(dice)
        while not breaking.is_over:
            await community.act(dice)

    async def audit() -> None:
        while not is_over.is_set():
            seen.update({"reads": 1, **(await books.audit()).wrong})
            levels.update(await books.levels())
            # As fast as it can it would take a core from those it watches.
            await asyncio.sleep(PAUSE_SECONDS)

    async def look(dice: Random) -> None:
        while not is_over.is_set():
            is_right = await community.sees_own_hours_right(dice)
            seen.update({"looks": 1, "balances shown wrong": not is_right})

    lanes = [live(Random(proof.random.random())) for _ in range(LANES)]  # noqa: S311 - dice, no secret
    async with asyncio.TaskGroup() as readers:
        readers.create_task(audit())
        readers.create_task(look(Random(proof.random.random())))  # noqa: S311 - dice, no secret
        try:
            async with asyncio.TaskGroup() as group:
                for lane in lanes:
                    group.create_task(lane)
        finally:
            is_over.set()
            await breaking.end()

    histories = await books.histories({told.id for told in community.acknowledged})
    standing = [told for told in community.acknowledged if histories[told.id] or told.id not in community.deleted]
    missing = [told for told in standing if not told.is_kept(histories[told.id])]
    seen["acknowledged but not kept"] = len(missing)
    seen["illegal histories"] = sum(map(is_illegal, histories.values()))
    reads, looks = seen.pop("reads"), seen.pop("looks")
    proof.say(f"  outcomes: {dict(sorted(community.outcomes.items()))}; not kept: {missing[:5]}")
    note = (
        f"{reads:,} audits and {looks:,} looks at {operations:,} operations; "
        f"{len(standing):,} acknowledgements checked; "
        f"{community.outcomes['accept not-enough-hours']:,} holds refused; "
        f"{breaking.hit[AFTER_COMMIT]} of the kills just after a commit, "
        f"{community.outcomes['lost and replayed']} lost answers replayed; seen at {', '.join(levels)}"
    )
    demanded = {**dict.fromkeys(seen, 0), "kills": faults}
    seen["kills"] = breaking.hit.total()
    proof.record("5", f"the bank test, {books.isolation}", demanded, seen, note)
    assert levels == {books.isolation}
    assert not [what for what in must_happen if not community.outcomes[what]], "not everything happened"
