"""Promise 7: however deliveries are shuffled, delayed and repeated, read models equal a fold by sequence."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from random import Random
from typing import Any, cast

import pytest
import structlog
from sqlalchemy import select

from skillsync_analytics import tables as analytics_tables
from skillsync_analytics.consumer import handlers as analytics_handlers
from skillsync_analytics.projections import Projections
from skillsync_analytics.repository import MemberRepository, ReadModel
from skillsync_kit import migrations
from skillsync_kit.clock import SystemClock
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.events import Event
from skillsync_kit.ids import new_id
from skillsync_kit.inbox import Handler, Inbox
from skillsync_kit.processed_messages import ProcessedMessages
from skillsync_testing.plugin import DatabaseKind, MakeDatabase
from skillsync_testing.proofs import Proof, figure
from skillsync_transactions import tables as transactions_tables
from skillsync_transactions.consumer import handlers as transactions_handlers
from skillsync_transactions.repository import PeopleReplica
from skillsync_transactions.service import Members
from skillsync_users import tables as users_tables
from skillsync_users.consumer import handlers as users_handlers
from skillsync_users.stats.repository import StatisticsRepository
from skillsync_users.stats.service import Tally

from .analytics import finalized, parts

MEMBERS = 5
EXCHANGES = 8
CHANGES = 6
LANES = 4
STATUSES = {"created": "active", "updated": "active", "suspended": "suspended", "reinstated": "active"}


@dataclass(frozen=True)
class Consumers:
    """The three that keep read models, each over a database of its own, of this kind."""

    kind: DatabaseKind
    analytics: Inbox
    users: Inbox
    transactions: Inbox

    async def receive(self, body: str) -> None:
        """Deliver to whoever has a handler."""
        type = Event.from_json(body).type
        for inbox in (self.analytics, self.users, self.transactions):
            if type in inbox.handlers:
                await inbox.receive(body)


@pytest.fixture(params=["sqlite", "mariadb"])
async def consumers(request: pytest.FixtureRequest, make_database: MakeDatabase) -> AsyncIterator[Consumers]:
    """On SQLite, then on MariaDB."""
    kind: DatabaseKind = request.param
    async with AsyncExitStack() as stack:

        async def inbox(service: str, metadata: Any, handlers: dict[str, Handler]) -> Inbox:
            url = make_database(kind)
            await asyncio.to_thread(migrations.upgrade, url, migrations.migrations_directory(f"skillsync_{service}"))
            database = Database(url)
            stack.push_async_callback(database.close)
            processed = ProcessedMessages(metadata.tables["processed_messages"], SystemClock())
            return Inbox(service, database, processed, handlers)

        # Each delivery is a line of the log; here they are many, and in nobody's interest.
        stack.callback(structlog.configure, **structlog.get_config())
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("error"))
        nothing = cast("Any", None)
        yield Consumers(
            kind,
            await inbox("analytics", analytics_tables.metadata, analytics_handlers(Projections(ReadModel()))),
            await inbox("users", users_tables.metadata, users_handlers(Tally(StatisticsRepository()))),
            await inbox(
                "transactions",
                transactions_tables.metadata,
                transactions_handlers(Members(people=nothing, replica=PeopleReplica()), cast("Any", Deaf())),
            ),
        )


class Deaf:
    """Stands for what follows from an erasure besides the status."""

    async def begin(self, unit: UnitOfWork, user: str) -> None:
        """Does nothing."""


def changes(dice: Random, member: str) -> list[Event]:
    """What becomes of one member, in order; some are erased in the end."""
    names = ["created", *(dice.choice(["updated", "suspended", "reinstated"]) for _ in range(dice.randint(0, CHANGES)))]
    events = [_change(member, sequence, name, STATUSES[name]) for sequence, name in enumerate(names, start=1)]
    return [*events, _change(member, len(events) + 1, "erased", "erased")] if dice.random() < 0.3 else events


def _change(member: str, sequence: int, name: str, status: str) -> Event:
    data = {"to": status}
    return Event(new_id(), f"user.{name}.v1", "/users", member, sequence, SystemClock().now(), data)


def deliveries(dice: Random, events: Sequence[Event]) -> list[Event]:
    """Each event one to three times; shuffled, and some of them much later than all the others."""
    copies = [event for event in events for _ in range(dice.randint(1, 3))]
    dice.shuffle(copies)
    late = {event.id for event in events if dice.random() < 0.1}
    return sorted(copies, key=lambda event: event.id in late)


def out_of_order(delivered: Sequence[Event]) -> int:
    """How many deliveries came after one of the same subject with a higher sequence."""
    newest: dict[str, int] = {}
    count = 0
    for event in delivered:
        count += event.sequence < newest.get(event.subject, 0)
        newest[event.subject] = max(event.sequence, newest.get(event.subject, 0))
    return count


async def unlike_the_fold(consumers: Consumers, members: Sequence[str], events: Sequence[Event]) -> list[str]:
    """Which members' read models are not what a reader of all events, in order, would write down."""
    status: dict[str, tuple[str, int]] = {}
    rows: dict[str, set[tuple[str, int, int]]] = {member: set() for member in members}
    partners: dict[str, set[str]] = {member: set() for member in members}
    for event in sorted(events, key=lambda event: event.sequence):
        if event.subject in rows:
            status[event.subject] = (event.data["to"], event.sequence)
            continue
        people = {part[0] for part in parts(event)}
        for member, exchange, given, received in parts(event):
            rows[member].add((exchange, given, received))
            partners[member] |= people - {member}
    wrong = []
    for member in members:
        gave, got = sum(row[1] for row in rows[member]), sum(row[2] for row in rows[member])
        sums = (len(rows[member]), gave, got, len(partners[member]))
        async with consumers.analytics.database.read() as connection:
            figures = await MemberRepository().figures(connection, member)
        async with consumers.users.database.read() as connection:
            statistics = await StatisticsRepository().of(connection, member)
        people_table = transactions_tables.people
        async with consumers.transactions.database.read() as connection:
            of_member = people_table.c.user_id == member
            kept = select(people_table.c.status, people_table.c.sequence).where(of_member)
            person = (await connection.execute(kept)).one()
        seen = {
            "analytics": (figures.finalized, figures.minutes_given, figures.minutes_received, figures.partners),
            "statistics": (
                statistics.finalized,
                statistics.minutes_given,
                statistics.minutes_received,
                statistics.partners,
            ),
            "people": tuple(person),
        }
        expected = {"analytics": sums, "statistics": sums, "people": status[member]}
        wrong += [f"{name} of {member}" for name in seen if seen[name] != expected[name]]
    return wrong


@figure("rounds", check=4, prove=150)
async def test_read_models_equal_a_fold_by_sequence(proof: Proof, rounds: int, consumers: Consumers) -> None:
    dice, wrong = proof.random, list[str]()
    delivered = events_sent = inversions = 0
    for _ in proof.rounds(rounds):
        members = [new_id() for _ in range(MEMBERS)]
        events = [event for member in members for event in changes(dice, member)]
        events += [finalized(dice, members) for _ in range(EXCHANGES)]
        copies = deliveries(dice, events)
        inversions += out_of_order(copies)
        delivered, events_sent = delivered + len(copies), events_sent + len(events)

        async def lane(share: Sequence[Event]) -> None:
            for event in share:
                await consumers.receive(event.to_json())

        # Several at once, so that the copies of an event meet.
        await asyncio.gather(*(lane(copies[number::LANES]) for number in range(LANES)))
        wrong += await unlike_the_fold(consumers, members, events)
    proof.record(
        "7",
        f"shuffled, delayed and repeated: analytics, statistics and the replica of people ({consumers.kind})",
        {"read models unlike the fold": 0},
        {"read models unlike the fold": len(wrong)},
        ", ".join([f"{delivered:,} deliveries", *wrong[:3]]),
        trials=rounds * MEMBERS * 3,
        hits={"older after newer": inversions, "repeated": delivered - events_sent},
    )
