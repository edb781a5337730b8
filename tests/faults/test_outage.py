"""A database that is killed is no message's fault: on a queue that gives each out only once, none is given up."""

from collections import Counter
from pathlib import Path

from skillsync_kit.ids import new_id
from skillsync_testing import Emulator, MariaDB
from skillsync_testing.proofs import Proof, figure
from skillsync_testing.system import eventually

from .analytics import Part, finalized, parts, running

MESSAGES = 60


@figure("outages", check=1, prove=10)
def test_an_outage_of_the_database_gives_no_message_up(
    proof: Proof, outages: int, tmp_path: Path, emulator: Emulator
) -> None:
    members = [new_id() for _ in range(50)]
    expected: Counter[Part] = Counter()
    (tmp_path / "mariadb").mkdir()
    mariadb = MariaDB(tmp_path / "mariadb")
    mariadb.start_on_a_free_port()
    try:
        with running(tmp_path, "outage", emulator, mariadb, workers=2, max_receives=1) as analytics:
            for _ in proof.rounds(outages):
                events = [finalized(proof.random, members) for _ in range(MESSAGES)]
                for event in events:
                    expected.update(parts(event))
                refused = sum(1 for _ in analytics.logged("database refuses"))
                analytics.send([event.to_json() for event in events[: MESSAGES // 2]])
                mariadb.kill()
                analytics.send([event.to_json() for event in events[MESSAGES // 2 :]])
                # Several refusals more: each message in hand was tried again in vain.
                eventually(
                    lambda more=refused + 10: sum(1 for _ in analytics.logged("database refuses")) >= more,  # type: ignore[misc]
                    what="the outage is noticed",
                )
                mariadb.start()
                eventually(lambda: analytics.waiting() == 0, seconds=60, what="every message is handled")
            found = Counter(analytics.rows())
            dead = len(analytics.take_dead())
            refusals = sum(1 for _ in analytics.logged("database refuses"))
    finally:
        mariadb.stop()
    proof.record(
        "outages use up no receives",
        "the database killed under two workers, each message received once",
        {"given up": 0, "lost effects": 0, "effects too many": 0},
        {
            "given up": dead,
            "lost effects": (expected - found).total(),
            "effects too many": (found - expected).total(),
        },
        trials=outages * MESSAGES,
        hits={"refusals": refusals},
    )
