"""Replays beside live traffic, killed and resumed: nothing is lost from a read model, and nothing counted twice."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from skillsync_testing.member import Member
from skillsync_testing.proofs import Proof, figure
from skillsync_testing.system import System, eventually

POINTS = ("before-page-commit", "after-page")


class Traffic:
    """Two members who finalize so many exchanges with each other, one after the other, unless told to stop before."""

    def __init__(self, ana: Member, bo: Member, at_most: int) -> None:
        self._pair = (ana, bo)
        self._at_most = at_most
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.exchanges = 0
        self.mistakes: list[Exception] = []

    @contextmanager
    def flowing(self) -> Iterator[None]:
        """Let it flow."""
        self._thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            self._thread.join()

    def _run(self) -> None:
        giver, receiver = self._pair
        while self.exchanges < self._at_most and not self._stopping.is_set():
            try:
                giver.finalized_exchange_with(receiver)
            except Exception as mistake:
                self.mistakes.append(mistake)
                return
            self.exchanges += 1
            giver, receiver = receiver, giver


def replayed(system: System, consumer: str, *options: str) -> dict[str, Any]:
    """What a replay that is not killed has found."""
    done = system.command("replay", consumer, "--json", *options)
    assert done.returncode in (0, 4), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


# How often each consumer's read model is built anew and taken over.
@figure("rounds", check=1, prove=5)
def test_replays_beside_live_traffic(system: System, proof: Proof, rounds: int) -> None:
    ana, bo = system.member("Ana").make_profile(), system.member("Bo").make_profile()
    ana.finalized_exchange_with(bo)
    consumers = ("analytics", "users") if rounds > 1 else (proof.random.choice(("analytics", "users")),)
    traffic, hits = Traffic(ana, bo, 40 * rounds), dict.fromkeys(POINTS, 0)
    with traffic.flowing():
        for _ in proof.rounds(rounds):
            for consumer in consumers:
                points = POINTS if rounds > 1 else (proof.random.choice(POINTS),)
                for point in points:
                    system.arm(f"{consumer}-replay", point)
                    # What is killed before its commit has still to be done, so the next kill comes in time as well.
                    begin = ["--afresh"] if point == points[0] else []
                    killed = system.command("replay", consumer, "--json", *begin)
                    assert killed.returncode == 1, killed.stdout
                    hits[point] += not system.is_armed(f"{consumer}-replay", point)
                replayed(system, consumer, "--apply")
    assert traffic.mistakes == []
    total = traffic.exchanges + 1

    def counted() -> list[int]:
        asked = [(one, path) for one in (ana, bo) for path in (f"/users/{one.id}/stats", "/analytics/me")]
        return [one.get(path).json()["finalized"] for one, path in asked]

    eventually(lambda: sum(counted()) >= 4 * total, seconds=60, what="every exchange is counted")
    eventually(system.queues_are_empty, seconds=60, what="all queues are empty")
    proof.record(
        "replay",
        "read models built anew beside live traffic, killed and resumed",
        {"lost or doubled": 0, "equal in the end": True},
        {
            "lost or doubled": sum(abs(count - total) for count in counted()),
            "equal in the end": all(replayed(system, consumer)["is_equal"] for consumer in consumers),
        },
        f"exchanges: {total}, taken over: {rounds * len(consumers)}",
        trials=4 * total,
        hits={point: times for point, times in hits.items() if rounds > 1 or times},
    )
