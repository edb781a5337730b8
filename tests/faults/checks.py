"""What must be true when the faults are over, read from the databases and the queues, past every link."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from .exchanges import MINUTES, Exchange
from .fleet import SERVICES, Fleet

__all__ = ["Checks"]

PRODUCERS = ("transactions", "notifications", "users")


class Checks:
    """Reads what is there. Every count of `wrong` is one that has to be zero."""

    def __init__(self, fleet: Fleet) -> None:
        """Looks at this fleet's databases."""
        self._fleet = fleet

    # --- is it over? ---

    def unpublished(self) -> int:
        """Committed events that have not left."""
        pending = "SELECT COUNT(*) FROM {}.outbox WHERE published_at IS NULL"
        return sum(int(number) for (number,) in self._rows(" UNION ALL ".join(map(pending.format, PRODUCERS))))

    def unheard(self) -> Counter[str]:
        """Committed events that a consumer subscribed to and has not handled, by consumer."""
        counts = []
        for consumer in SERVICES:
            types = [type_ for type_, services in self._fleet.subscribers().items() if consumer in services]
            listed = ", ".join(f"'{type_}'" for type_ in types)
            counts += [
                f"SELECT '{consumer}', COUNT(*) FROM {producer}.outbox o LEFT JOIN {consumer}.processed_messages p "  # noqa: S608
                f"ON p.consumer = '{consumer}' AND p.event_id = o.id "
                f"WHERE o.type IN ({listed}) AND p.event_id IS NULL"
                for producer in PRODUCERS
            ]
        missing: Counter[str] = Counter()
        for consumer, number in self._rows(" UNION ALL ".join(counts)):
            missing[consumer] += int(number)
        return +missing

    def unsent(self) -> int:
        """Mails whose fate is still open."""
        return self._number("SELECT COUNT(*) FROM notifications.mails WHERE status = 'pending'")

    def possibly_repeated(self) -> int:
        """Mails that were begun more than once before one attempt was recorded: what an operator is told of repeats."""
        return self._number("SELECT COUNT(*) FROM notifications.mails WHERE status = 'sent' AND attempts > 1")

    def is_drained(self) -> bool:
        """Whether everything that was committed has had its effects, and no message is left.

        An intent is the effect on a mail: sending takes as long as a provider's rate demands, and is not waited for.
        The dear questions come last: who asks must not slow down what is asked about.
        """
        return not (self.unpublished() or self._fleet.waiting() or self.unheard())

    # --- is it right? ---

    def wrong(self, exchanges: Iterable[Exchange], acknowledged: set[str]) -> dict[str, int]:
        """What is not as it has to be, after these exchanges were finalized; all zero when all is well."""
        of = {id: (giver, receiver) for id, giver, receiver in exchanges}
        events = self._finalized()
        told = Counter(event["subject"] for event in events)
        entries = Counter(id for (id,) in self._rows("SELECT transaction_id FROM transactions.ledger_entries"))
        states = dict(self._rows("SELECT id, state FROM transactions.transactions"))
        [[balances, held]] = self._rows("SELECT SUM(balance), SUM(held) FROM transactions.accounts")
        ends = Counter(
            id for (id,) in self._rows("SELECT transaction_id FROM transactions.transaction_history WHERE number > 3")
        )
        finalized = {id for id in of if states[id] == "finalized"}
        return {
            "acknowledged but not kept": len(acknowledged - finalized),
            "finalized without one event": sum(told[id] != 1 for id in finalized),
            "finalized without one posting": sum(entries[id] != 2 for id in finalized),
            "finalized without one history entry": sum(ends[id] != 1 for id in finalized),
            "events without effect, or with two": self._wrong_effects(events, of),
            "hours created or lost": int(balances),
            "hours held for nothing": int(held) - MINUTES * sum(state == "accepted" for state in states.values()),
            "messages given up": self._fleet.waiting(dead=True),
        }

    def _wrong_effects(self, events: list[dict[str, Any]], of: dict[str, tuple[str, str]]) -> int:
        """Rows of read models and intents of mails that are missing, are too many, or say something else."""
        parts: Counter[tuple[str, ...]] = Counter(
            (who, event["subject"], str(gives * MINUTES), str((1 - gives) * MINUTES))
            for event in events
            for gives, who in enumerate(reversed(of[event["subject"]]))
        )
        rows = "SELECT user_id, transaction_id, minutes_given, minutes_received FROM analytics.member_exchanges"
        sums: dict[str, Counter[str]] = {}
        for who, _, given, received in parts:
            sums.setdefault(who, Counter()).update(finalized=1, given=int(given), received=int(received))
        counted = {
            who: Counter(finalized=int(finalized), given=int(given), received=int(received))
            for who, finalized, given, received in self._rows(
                "SELECT user_id, finalized, minutes_given, minutes_received FROM users.user_statistics"
            )
        }
        receipts: Counter[tuple[str, ...]] = Counter(
            (event["id"], who) for event in events for who in of[event["subject"]]
        )
        mails = "SELECT event_id, recipient FROM notifications.mails WHERE template = 'receipt'"
        wrong_sums = sum(sums.get(who) != counted.get(who) for who in sums.keys() | counted.keys())
        return self._differing(parts, rows) + wrong_sums + self._differing(receipts, mails)

    def _differing(self, expected: Counter[tuple[str, ...]], query: str) -> int:
        seen = Counter(map(tuple, self._rows(query)))
        return ((expected - seen) + (seen - expected)).total()

    def _finalized(self) -> list[dict[str, Any]]:
        query = "SELECT payload FROM transactions.outbox WHERE type = 'transaction.finalized.v1'"
        return [json.loads(payload) for (payload,) in self._rows(query, raw=True)]

    def _number(self, query: str) -> int:
        return int(self._rows(query)[0][0])

    def _rows(self, query: str, *, raw: bool = False) -> list[list[str]]:
        return self._fleet.mariadb.mysql(query, raw=raw)
