"""Promise 7 over a played community: in whatever order its events come, every figure is that of a clean run.

The events are those that the outboxes of a running system keep. They go through the handlers of analytics into two
empty databases, once in order and once in disorder; then three processes of analytics, with that of the running system,
are asked everything there is to ask, and must answer alike, byte for byte.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import pytest
import structlog
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import create_async_engine

from skillsync_analytics import tables
from skillsync_analytics.consumer import handlers
from skillsync_analytics.entities.measures import LONGEST_DAYS, MEASURES, Measure
from skillsync_analytics.projections import Projections
from skillsync_analytics.repository import ReadModel
from skillsync_kit import migrations
from skillsync_kit.clock import SystemClock
from skillsync_kit.database import Database
from skillsync_kit.events import Event
from skillsync_kit.inbox import Inbox
from skillsync_kit.processed_messages import ProcessedMessages
from skillsync_testing.mariadb import MariaDB
from skillsync_testing.proofs import Proof
from skillsync_testing.system import System, eventually, running
from skillsync_testing.two_processes import ServiceProcess

PEOPLE, WEEKS, SEED = 120, 20, 7
SEED_SECONDS = 3600.0
PRODUCERS = ("users", "transactions", "notifications")
LANES = 8
ATTEMPTS = 5

Seen = dict[str, Any]
"""Each answer by how it was asked for, and the rows of each table by its name."""


@pytest.fixture
def mariadb(tmp_path: Path) -> Iterator[MariaDB]:
    """A server of the test's own: a whole system's databases have the same names everywhere."""
    (tmp_path / "mariadb").mkdir()
    server = MariaDB(tmp_path / "mariadb")
    server.start_on_a_free_port()
    yield server
    server.stop()


@pytest.mark.prove
@pytest.mark.timeout(4 * 3600)
def test_a_played_community_in_disorder_is_the_same_community(mariadb: MariaDB, proof: Proof, tmp_path: Path) -> None:
    with running(tmp_path, DATABASE=mariadb.server_url) as system:
        size = ("--people", str(PEOPLE), "--weeks", str(WEEKS), "--seed", str(SEED))
        done = system.command("seed", *size, "--json", seconds=SEED_SECONDS)
        assert done.returncode == 0, done.stdout + done.stderr
        played = json.loads(done.stdout)
        proof.say(f"  played in {played['seconds']:.0f} s: {played['exchanges']}")
        readers = Readers(system, played)
        live, events = settled(system, mariadb, readers, proof)
        clean = rebuilt(system, mariadb, tmp_path / "clean", readers, events, lanes=1)
        proof.say(f"  {len(events):,} events in order")
        delivered, delayed = deliveries(proof.random, events)
        disordered = rebuilt(system, mariadb, tmp_path / "disordered", readers, delivered, lanes=LANES)
        measures = [name for name in clean if name.startswith("/v1/analytics/") and "format=json" in name]
        proof.record(
            "7",
            f"a played community of {PEOPLE:,} people in {WEEKS} weeks: figures of its events in disorder",
            {"unlike a clean run": 0, "unlike the running system": 0, "measures that tell something": len(measures)},
            {
                "unlike a clean run": unlike(disordered, clean, proof),
                "unlike the running system": unlike(disordered, live, proof),
                "measures that tell something": sum(tells_something(clean[name]) for name in measures),
            },
            f"{len(events):,} events in {len(delivered):,} deliveries; {len(clean):,} answers and tables",
            hits={
                "repeated": len(delivered) - len(events),
                "older after newer": out_of_order(delivered),
                "after all others": delayed,
            },
        )
        reconciled(system, mariadb, proof)


def reconciled(system: System, mariadb: MariaDB, proof: Proof) -> None:
    """What `skillsync reconcile` says, before and after one row of analytics is damaged."""
    whole = system.command("reconcile", "--json")
    report = json.loads(whole.stdout)
    proof.say(system.command("reconcile").stdout)
    ((user, exchange, minutes),) = mariadb.mysql(
        "SELECT user_id, transaction_id, minutes_given FROM member_exchanges WHERE minutes_given > 0 LIMIT 1",
        "skillsync_analytics",
    )
    mariadb.mysql(
        f"UPDATE member_exchanges SET minutes_given = minutes_given + 15 "  # noqa: S608 - ids alone
        f"WHERE user_id = '{user}' AND transaction_id = '{exchange}'",
        "skillsync_analytics",
    )
    damaged = system.command("reconcile", "--json")
    named = [(it["transaction_id"], it["what"]) for it in json.loads(damaged.stdout)["differences"]]
    shown = system.command("reconcile").stdout
    proof.say(shown)
    totals = {total["settlement"]: total for total in report["totals"]}
    proof.record(
        "7",
        "`skillsync reconcile` over the same: the ledger and the figures, exchange by exchange",
        {"exit": 0, "differences": 0, "exit when a row is damaged": 3, "named then": "the row's exchange alone"},
        {
            "exit": whole.returncode,
            "differences": report["differing"],
            "exit when a row is damaged": damaged.returncode,
            "named then": "the row's exchange alone"
            if named == [(exchange, "minutes given, by member")] and exchange in shown
            else str(named),
        },
        ", ".join(
            f"{name}: {total['ledger_exchanges']:,} exchanges of {total['ledger_minutes']:,} minutes"
            for name, total in totals.items()
        ),
    )
    assert all(total["ledger_exchanges"] for total in totals.values())
    assert int(minutes) > 0


# --- what was published, and in which disorder it comes ---


def settled(system: System, mariadb: MariaDB, readers: "Readers", proof: Proof) -> tuple[Seen, list[Event]]:
    """What the running system answers when all its events have arrived, and these; nothing happens in between."""
    for _ in range(ATTEMPTS):
        eventually(lambda: not unpublished(mariadb), seconds=600, what="all events are published")
        eventually(system.queues_are_empty, seconds=600, what="all queues are empty")
        events = asyncio.run(published(mariadb))
        seen = readers.everything(jobs(system)["SKILLSYNC_ANALYTICS_URL"])
        seen |= asyncio.run(rows(mariadb.url("skillsync_analytics")))
        # Time goes on: an agreement may lapse at any moment.
        if len(asyncio.run(published(mariadb))) == len(events):
            return seen, events
        proof.say("  something happened meanwhile; asking once more")
    raise AssertionError("the running system does not come to rest")


async def published(mariadb: MariaDB) -> list[Event]:
    """All that the outboxes keep and that analytics subscribes to, in the order in which it was written."""
    known = handlers(Projections(ReadModel()))
    found: list[Event] = []
    for service in PRODUCERS:
        engine = create_async_engine(mariadb.url(f"skillsync_{service}"))
        async with engine.connect() as connection:
            bodies = await connection.execute(text("SELECT payload FROM outbox WHERE published_at IS NOT NULL"))
            found += [Event.from_json(body) for (body,) in bodies]
        await engine.dispose()
    return sorted((event for event in found if event.type in known), key=lambda event: event.id)


def unpublished(mariadb: MariaDB) -> int:
    """How many events still wait in the outboxes."""
    waiting = "SELECT COUNT(*) FROM outbox WHERE published_at IS NULL"
    return sum(int(mariadb.mysql(waiting, f"skillsync_{service}")[0][0]) for service in PRODUCERS)


def deliveries(dice: Random, events: Sequence[Event]) -> tuple[list[Event], int]:
    """Each event one to three times; shuffled, and some of them after all the others. How many these are."""
    copies = [event for event in events for _ in range(dice.randint(1, 3))]
    dice.shuffle(copies)
    late = {event.id for event in events if dice.random() < 0.1}
    return sorted(copies, key=lambda event: event.id in late), len(late)


def out_of_order(delivered: Sequence[Event]) -> int:
    """How many deliveries came after one of the same subject with a higher sequence."""
    newest: dict[str, int] = {}
    count = 0
    for event in delivered:
        count += event.sequence < newest.get(event.subject, 0)
        newest[event.subject] = max(event.sequence, newest.get(event.subject, 0))
    return count


# --- analytics over an empty database ---


def rebuilt(
    system: System,
    mariadb: MariaDB,
    directory: Path,
    readers: "Readers",
    delivered: Sequence[Event],
    *,
    lanes: int,
) -> Seen:
    """What analytics answers after these deliveries into an empty database, so many at once."""
    url = mariadb.url(mariadb.create_database())
    migrations.upgrade(url, migrations.migrations_directory("skillsync_analytics"))
    asyncio.run(deliver(url, delivered, lanes))
    process = ServiceProcess(directory, "analytics", "api", {**jobs(system), "SKILLSYNC_DATABASE_URL": url})
    process.start_on_a_free_port()
    try:
        return readers.everything(process.url) | asyncio.run(rows(url))
    finally:
        process.stop()


async def deliver(url: str, delivered: Sequence[Event], lanes: int) -> None:
    """Let the inbox of analytics take each delivery, as its consumer does."""
    async with AsyncExitStack() as stack:
        # Each delivery is a line of the log; here they are many, and in nobody's interest.
        stack.callback(structlog.configure, **structlog.get_config())
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("error"))
        database = Database(url)
        stack.push_async_callback(database.close)
        processed = ProcessedMessages(tables.processed_messages, SystemClock())
        inbox = Inbox("analytics", database, processed, handlers(Projections(ReadModel())))

        async def lane(share: Sequence[Event]) -> None:
            for event in share:
                await inbox.receive(event.to_json())

        await asyncio.gather(*(lane(delivered[number::lanes]) for number in range(lanes)))


def jobs(system: System) -> dict[str, str]:
    """The settings of the running analytics."""
    found: dict[str, str] = json.loads((system.state_directory / "jobs.json").read_text())["analytics"]
    return found


async def rows(url: str) -> Seen:
    """Every row of the read model, by table."""
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        found: Seen = {
            table.name: [tuple(row) for row in await connection.execute(select(table).order_by(*table.primary_key))]
            for table in tables.models()
        }
    await engine.dispose()
    return found


# --- what is asked ---


class Readers:
    """Everybody who plays, who ask for their own figures, and a coordinator who asks for all measures."""

    def __init__(self, system: System, played: Mapping[str, Any]) -> None:
        """`played` is what the command told."""
        self._client_id = system.status["client_id"]
        self._first_day = date.fromisoformat(played["first_day"])
        _, coordinator = played["logins"]
        self._coordinator, self._password = coordinator["email"], coordinator["password"]
        self._pool: Any = system.aws("cognito-idp")
        pages = self._pool.get_paginator("list_users").paginate(UserPoolId=system.status["user_pool_id"])
        attributes = [user["Attributes"] for page in pages for user in page["Users"]]
        addresses = [one["Value"] for some in attributes for one in some if one["Name"] == "email"]
        domain = self._coordinator.partition("@")[2]
        self._people = sorted(address for address in addresses if address.endswith(domain))
        assert len(self._people) == played["people"]

    def everything(self, analytics_url: str) -> Seen:
        """Every answer there is, as JSON and as CSV."""
        seen: Seen = {}
        token = self._token(self._coordinator)
        with httpx2.Client(base_url=analytics_url, timeout=60, trust_env=False) as client:
            for measure in MEASURES.values():
                for path in self._paths(measure):
                    seen |= _asked(client, path, token)
            for person in self._people:
                own = _asked(client, "/v1/analytics/me?", self._token(person))
                seen |= {f"{person} {path}": answer for path, answer in own.items()}
        return seen

    def _paths(self, measure: Measure) -> Iterator[str]:
        """A measure by each of its intervals, in as many ranges as it takes to come to the first day."""
        if not measure.intervals:
            yield f"/v1/analytics/{measure.name}?"
        today = datetime.now(UTC).date()
        for interval in measure.intervals:
            until = today
            while until > self._first_day:
                since = until - timedelta(days=LONGEST_DAYS[interval])
                yield f"/v1/analytics/{measure.name}?interval={interval}&from={since}&to={until}&"
                until = since

    def _token(self, email: str) -> str:
        answer = self._pool.initiate_auth(
            ClientId=self._client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": self._password},
        )
        token: str = answer["AuthenticationResult"]["AccessToken"]
        return token


def _asked(client: httpx2.Client, path: str, token: str) -> dict[str, str]:
    """The answer in both forms."""
    answers = {}
    for form in ("json", "csv"):
        asked = f"{path}format={form}"
        answer = client.get(asked, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.text
        answers[asked] = answer.text
    return answers


def tells_something(answer: str) -> bool:
    """Whether any figure of a measure is there and not zero."""
    return any(value for row in json.loads(answer)["rows"] for name, value in row.items() if name != "start")


def unlike(seen: Seen, expected: Seen, proof: Proof) -> int:
    """How many answers and tables differ; tells which."""
    assert seen.keys() == expected.keys()
    differing = [name for name in expected if seen[name] != expected[name]]
    for name in differing[:10]:
        proof.say(f"  {name} differs: {str(seen[name])[:500]} instead of {str(expected[name])[:500]}")
    return len(differing)
