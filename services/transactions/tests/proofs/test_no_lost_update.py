"""Promise 4: eight writers at one transaction under If-Match, and no acknowledged update is lost."""

import asyncio

from skillsync_kit.ids import new_id
from skillsync_testing.clients import Clients
from skillsync_testing.proofs import Proof, figure

from .books import Books

WRITERS = 8


@figure("updates", check=5, prove=1000)
async def test_eight_writers(clients: Clients, books: Books, proof: Proof, updates: int) -> None:
    """Each writer counts the title up by one: a lost update is one that is missing from the sum."""
    members = [new_id() for _ in range(WRITERS)]
    id = await clients.proposed(members[0], {**clients.ring(members), "title": "0"})

    async def write(by: str) -> tuple[int, int]:
        acknowledged = stale = 0
        # The first writer's progress stands for that of all.
        for _ in proof.rounds(updates) if by == members[0] else range(updates):
            while True:
                seen = await clients.get(id, by)
                answer = await clients.patch(id, by, {"title": str(int(seen["title"]) + 1)}, seen["version"])
                if answer.status_code == 200:
                    break
                assert answer.status_code == 412, answer.text
                stale += 1
            acknowledged += 1
        return acknowledged, stale

    counts = await asyncio.gather(*(write(member) for member in members))
    acknowledged, stale = (sum(count) for count in zip(*counts, strict=True))
    final = await clients.get(id, members[0])
    # `actions` has checked that the numbers have no gap.
    edits = (await books.actions(id)).count("edit")
    every = WRITERS * updates
    proof.record(
        "4",
        f"{WRITERS} writers × {updates:,} updates under If-Match, {books.isolation}",
        {"acknowledged": every, "counted in the end": every, "history entries": every, "versions": every},
        {
            "acknowledged": acknowledged,
            "counted in the end": int(final["title"]),
            "history entries": edits,
            "versions": final["version"] - 2,
        },
        f"{stale:,} answers of 412",
    )
    assert stale > 0, "the writers never met"
