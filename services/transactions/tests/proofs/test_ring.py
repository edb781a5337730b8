"""Acceptances commute: eight members of a ring say yes at once, and nobody sees a conflict."""

from collections import Counter

from skillsync_kit.ids import new_id
from skillsync_testing.clients import Clients
from skillsync_testing.deployment import Deployment
from skillsync_testing.proofs import Proof, figure

from .books import Books

MEMBERS = 8


@figure("rounds", check=10, prove=100)
async def test_eight_accept_at_once(
    clients: Clients, books: Books, deployment: Deployment, proof: Proof, rounds: int
) -> None:
    statuses, seen = Counter[int](), Counter[str]()
    before = len(deployment.service.begun_again())

    async def run(_: int) -> None:
        members = [new_id() for _ in range(MEMBERS)]
        id = await clients.proposed(members[0], clients.ring(members))
        # The author has accepted by proposing: saying so again is no conflict either.
        answers = await clients.at_once(*(clients.act("accept", id, member) for member in members))
        statuses.update(answer.status_code for answer in answers)
        final = await clients.get(id, members[0])
        seen["rings accepted"] += (final["state"], final["version"]) == ("accepted", MEMBERS + 1)
        history, events = Counter(await books.actions(id)), Counter(await books.events(id))
        told = events["transaction.accepted_by"], events["transaction.accepted"]
        seen["whole histories"] += (history["accept"], *told) == (MEMBERS - 1, MEMBERS - 1, 1)

    await clients.in_lanes(proof.rounds(rounds), run)
    again = deployment.service.begun_again()[before:]
    causes = Counter(retry.cause for retry in again)
    most = max((retry.number for retry in again), default=0)
    proof.record(
        "race",
        f"{MEMBERS} members of a ring accept at once, {books.isolation}",
        {"rings accepted": rounds, "answers of 200": MEMBERS * rounds, "whole histories": rounds},
        {"answers of 200": statuses[200], **seen},
        f"units begun again: {len(again):,} ({', '.join(f'{cause} {n:,}' for cause, n in causes.most_common())}), "
        f"at most {most} times for one request",
    )
