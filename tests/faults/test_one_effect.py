"""Promise 2: each message delivered one to five times, to four worker processes at once, has one effect."""

from collections import Counter
from pathlib import Path

from skillsync_kit.ids import new_id
from skillsync_testing import Emulator, MariaDB
from skillsync_testing.proofs import Proof, figure
from skillsync_testing.system import eventually

from .analytics import Part, finalized, parts, running

WORKERS = 4
WAVE = 100
# Copies that wait at most, that the queue stays short and the workers busy.
WAITING = 600


@figure("messages", check=200, prove=10_000)
def test_each_message_has_one_effect_however_often_it_is_delivered(
    proof: Proof, messages: int, tmp_path: Path, emulator: Emulator, mariadb_server: MariaDB
) -> None:
    members = [new_id() for _ in range(50)]
    expected: Counter[Part] = Counter()
    sent = several = 0
    with running(tmp_path, "one-effect", emulator, mariadb_server, workers=WORKERS) as analytics:
        for _ in proof.rounds(messages // WAVE):
            eventually(lambda: analytics.waiting() < WAITING, seconds=120, what="room for the next wave")
            events = [finalized(proof.random, members) for _ in range(WAVE)]
            times = [proof.random.randint(1, 5) for _ in events]
            copies = [event.to_json() for event, often in zip(events, times, strict=True) for _ in range(often)]
            if proof.random.random() < 0.5:
                # Else the copies of one event come one right after the other.
                proof.random.shuffle(copies)
            analytics.send(copies)
            sent += len(copies)
            several += sum(often > 1 for often in times)
            for event in events:
                expected.update(parts(event))
        eventually(lambda: analytics.waiting() == 0, seconds=120, what="every message is handled")
        found = Counter(analytics.rows())
        done = Counter(line["repeated"] for line in analytics.logged("event handled"))
        # The read model would hide a second effect: it has one row for each member and exchange. The log does not.
        doubled = sum(1 for _ in analytics.logged("exchange was counted before"))
        processed = int(analytics.query("SELECT COUNT(*) FROM processed_messages")[0][0])
        busy = sum(1 for worker in analytics.workers if '"repeated": true' in worker.log_path.read_text())
        dead = len(analytics.take_dead())
    proof.record(
        "2",
        f"each message 1–5 times to {WORKERS} workers at once",
        {"duplicate effects": 0, "lost effects": 0, "effects": messages, "remembered": messages, "dead": 0},
        {
            "duplicate effects": doubled + (found - expected).total(),
            "lost effects": (expected - found).total(),
            "effects": done[False],
            "remembered": processed,
            "dead": dead,
        },
        f"{sent:,} deliveries",
        trials=messages,
        hits={
            "messages delivered more than once": several,
            "repeats recognised": done[True],
            "workers that recognised some": busy,
        },
    )
