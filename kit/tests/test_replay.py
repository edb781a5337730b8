"""A read model built anew beside live traffic: nothing lost, nothing doubled, whatever is killed or comes when."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, delete, func, insert, select, update

from skillsync_kit import replay as replay_module
from skillsync_kit.database import Database, UnitOfWork, key_text
from skillsync_kit.errors import DependencyUnavailable
from skillsync_kit.events import Event, UnreadableEvent
from skillsync_kit.failed_messages import FailedMessages, failed_messages_table
from skillsync_kit.inbox import Handler, Inbox
from skillsync_kit.jobs import JobFailed
from skillsync_kit.operations import Operations
from skillsync_kit.outbox import Outbox, outbox_table
from skillsync_kit.processed_messages import ProcessedMessages, processed_messages_table
from skillsync_kit.rebuild import Rebuild
from skillsync_kit.replay import Replay, Result
from skillsync_kit.replays import Replays, rebuilt_table, replay_cursors_table, replays_table
from skillsync_kit.testing import FixedClock

OpenDatabase = Callable[[str], Awaitable[Database]]
MakeEvent = Callable[..., Event]
PEOPLE, SKILLS = ("ada", "bo", "cleo"), ("guitar", "german")


@pytest.fixture
def metadata() -> MetaData:
    """An outbox, and a consumer whose read model is the minutes by person and skill."""
    metadata = MetaData()
    for make in (outbox_table, processed_messages_table, failed_messages_table, replays_table, replay_cursors_table):
        make(metadata)
    rebuilt_table(
        Table(
            "minutes",
            metadata,
            Column("person", key_text(32), primary_key=True),
            Column("skill", key_text(32), primary_key=True),
            Column("minutes", Integer, nullable=False),
        )
    )
    return metadata


def adding_to(table: Table) -> dict[str, Handler]:
    """Handlers that add: a second effect of the same event would show."""

    async def add(unit: UnitOfWork, event: Event) -> None:
        if "minutes" not in event.data:
            raise UnreadableEvent("data.minutes is needed")
        key = (table.c.person == event.data["person"]) & (table.c.skill == event.data["skill"])
        more = update(table).where(key).values(minutes=table.c.minutes + event.data["minutes"])
        if not (await unit.connection.execute(more)).rowcount:
            await unit.connection.execute(_unless_there(table), {**event.data, "minutes": 0})
            await unit.connection.execute(more)

    async def pass_over(_: UnitOfWork, __: Event) -> None:
        """Handled by doing nothing."""

    return {"thing.done.v1": add, "thing.told.v1": pass_over}


def _unless_there(table: Table) -> Any:
    return insert(table).prefix_with("IGNORE", dialect="mysql").prefix_with("OR IGNORE", dialect="sqlite")


class Killed(BaseException):
    """The job ends here, in the middle of a transaction."""


class World:
    """One producer and one process of a consumer, over one database."""

    def __init__(self, database: Database, metadata: MetaData, clock: FixedClock) -> None:
        self.database, self.tables, self.clock = database, metadata.tables, clock
        self.live, self.rebuilt = self.tables["minutes"], self.tables["minutes_rebuilt"]
        processed = ProcessedMessages(self.tables["processed_messages"], clock)
        self.outbox = Outbox(self.tables["outbox"], clock)
        self.operations = Operations(
            database, self.outbox, FailedMessages(self.tables["failed_messages"], clock), clock
        )
        replays = Replays(self.tables["replays"], self.tables["replay_cursors"], "things")
        self.rebuild = Rebuild("things", replays, processed, {self.live: self.rebuilt}, adding_to(self.rebuilt))
        self.inbox = Inbox("things", database, processed, adding_to(self.live), self.rebuild)
        self.pages, self.has_died = 0, False
        self.answers: list[Exception] = []
        self.on_page: Callable[[], Awaitable[None]] | None = None

    def die_after(self, events: int | None) -> None:
        """Let the next job in this process be killed by the handler of so many events; None lets it live."""
        self.has_died, left = False, events

        def dying(handler: Handler) -> Handler:
            async def handle(unit: UnitOfWork, event: Event) -> None:
                nonlocal left
                await handler(unit, event)
                if left is not None and (left := left - 1) < 0:
                    self.has_died = True
                    raise Killed

            return handle

        handlers = {type: dying(handler) for type, handler in adding_to(self.rebuilt).items()}
        self.rebuild = replace(self.rebuild, handlers=handlers)

    def replay(self) -> Replay:
        """A job of its own."""
        return Replay(self.database, self.rebuild, self.clock)

    async def get(self, path: str, query: Sequence[tuple[str, str]] = ()) -> Any:
        """See replay.Producer."""
        assert path == "/internal/events"
        self.pages += 1
        if self.answers:
            raise self.answers.pop(0)
        if self.on_page:
            await self.on_page()
        asked = dict(query)
        page = await self.operations.events(
            after=asked.get("after"),
            since=datetime.fromisoformat(asked["from"]) if "from" in asked else None,
            until=datetime.fromisoformat(asked["to"]) if "to" in asked else None,
            limit=int(asked["limit"]),
        )
        return {"items": [json.loads(payload) for _, payload in page], "next": None}

    async def commit(self, *events: Event) -> None:
        """The producer commits these."""

        async def work(unit: UnitOfWork) -> None:
            unit.publish(*events)

        await self.database.run(work)

    async def receive(self, *events: Event) -> None:
        """The consumer handles these, one after the other."""
        for event in events:
            await self.inbox.receive(event.to_json())

    async def run(self, *, since: datetime | None = None, until: datetime | None = None, apply: bool = False) -> Result:
        """A whole replay, or the rest of one."""
        job = self.replay()
        await job.begin(since, until, afresh=False)
        await job.feed("producer", self)
        return await job.finish(apply=apply)

    async def rows(self, table: Table) -> dict[tuple[str, str], int]:
        """The read model in a table."""
        async with self.database.read() as connection:
            return {(row.person, row.skill): row.minutes for row in await connection.execute(select(table))}

    async def ids(self, consumer: str) -> int:
        """How many events are recorded under a name."""
        ids = self.tables["processed_messages"]
        async with self.database.read() as connection:
            counted = select(func.count()).where(ids.c.consumer == consumer)
            return (await connection.execute(counted)).scalar_one()

    async def damage(self) -> None:
        """Somebody writes into the live model by hand."""
        wrong = update(self.live).where(self.live.c.person == "ada").values(minutes=1)
        missing = delete(self.live).where(self.live.c.person == "bo")
        invented = {"person": "nobody", "skill": "guitar", "minutes": 7}
        await self.database.run(lambda unit: unit.connection.execute(wrong))
        await self.database.run(lambda unit: unit.connection.execute(missing))
        await self.database.run(lambda unit: unit.connection.execute(insert(self.live), invented))


def fold(events: Sequence[Event]) -> dict[tuple[str, str], int]:
    """What a read model of these events is, each counted once."""
    sums: Counter[tuple[str, str]] = Counter()
    for event in {event.id: event for event in events if event.type == "thing.done.v1"}.values():
        sums[event.data["person"], event.data["skill"]] += event.data["minutes"]
    return dict(sums)


@pytest.fixture
async def worlds(database_url: str, open_database: OpenDatabase, metadata: MetaData, clock: FixedClock) -> list[World]:
    """Three processes over one database; the row that the migration makes is there."""
    databases = [await open_database(database_url) for _ in range(3)]
    row = insert(metadata.tables["replays"])
    await databases[0].run(lambda unit: unit.connection.execute(row, {"consumer": "things"}))
    return [World(database, metadata, clock) for database in databases]


@pytest.fixture
def world(worlds: list[World]) -> World:
    return worlds[0]


@pytest.fixture
def some(make_event: MakeEvent) -> Callable[..., list[Event]]:
    """Makes events of minutes, one in ten of another type; their ids in the order they are made."""
    dice = random.Random(7)  # noqa: S311 - no secret

    def make(count: int, **changes: Any) -> list[Event]:
        return [
            make_event(
                type="thing.told.v1" if dice.random() < 0.1 else "thing.done.v1",
                data={
                    "person": dice.choice(PEOPLE),
                    "skill": dice.choice(SKILLS),
                    "minutes": dice.randrange(15, 90, 15),
                },
                **changes,
            )
            for _ in range(count)
        ]

    return make


@pytest.fixture(autouse=True)
def _settles_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not delivered in these tests will not come by waiting."""
    monkeypatch.setattr(replay_module, "_SETTLE_SECONDS", 0.0)
    monkeypatch.setattr(replay_module, "_PAUSES_SECONDS", (0, 0))


async def test_an_intact_model_is_built_again_and_found_equal(world: World, some: Callable[..., list[Event]]) -> None:
    events = some(230)
    await world.commit(*events)
    await world.receive(*events)
    result = await world.run()
    (model,) = result.comparison.models
    assert result.comparison.is_equal
    assert (model.live_digest, model.live_rows, model.differing) == (model.rebuilt_digest, model.rebuilt_rows, 0)
    assert (result.only_rebuilt, result.only_live, result.comparison.differences) == (0, 0, [])
    assert await world.rows(world.live) == fold(events)
    # There is nothing to take over: the replay is over.
    assert await world.rows(world.rebuilt) == {}
    assert await world.ids("things-rebuilt") == 0


async def test_a_damaged_model_is_told_row_by_row_and_repaired(world: World, some: Callable[..., list[Event]]) -> None:
    events = some(60)
    await world.commit(*events)
    await world.receive(*events)
    await world.damage()
    seen = await world.run()
    (model,) = seen.comparison.models
    assert not seen.comparison.is_equal
    assert not seen.is_applied
    assert model.live_digest != model.rebuilt_digest
    assert model.differing == len(seen.comparison.differences) == 5
    told = {(d.key["person"], d.key["skill"]): (d.live, d.rebuilt) for d in seen.comparison.differences}
    live, rebuilt = told["ada", "guitar"]
    assert live is not None
    assert rebuilt is not None
    assert (live["minutes"], rebuilt["minutes"]) == (1, fold(events)["ada", "guitar"])
    assert told["bo", "german"][0] is None
    assert told["nobody", "guitar"] == ({"person": "nobody", "skill": "guitar", "minutes": 7}, None)
    # The same replay goes on: nothing is read again, and what it built takes the place of what was damaged.
    pages = world.pages
    applied = await world.run(apply=True)
    assert applied.is_applied
    assert world.pages == pages + 2
    assert await world.rows(world.live) == fold(events)
    assert await world.rows(world.rebuilt) == {}
    assert (await world.ids("things"), await world.ids("things-rebuilt")) == (60, 0)
    assert (await world.run()).comparison.is_equal


async def test_at_most_twenty_rows_are_shown_and_all_counted(world: World) -> None:
    rows = [{"person": f"p{number:02}", "skill": "guitar", "minutes": 1} for number in range(30)]
    await world.database.run(lambda unit: unit.connection.execute(insert(world.live), rows))
    result = await world.run()
    assert (len(result.comparison.differences), result.comparison.models[0].differing) == (20, 30)
    assert [d.key["person"] for d in result.comparison.differences] == [f"p{number:02}" for number in range(20)]


async def test_what_is_on_its_way_is_told_and_counts_once_when_it_comes_after_the_takeover(
    world: World, some: Callable[..., list[Event]]
) -> None:
    events = some(40)
    await world.commit(*events)
    await world.receive(*events[:30])
    result = await world.run(apply=True)
    assert (result.only_rebuilt, result.only_live) == (10, 0)
    assert await world.rows(world.live) == fold(events)
    await world.receive(*events[25:])
    assert await world.rows(world.live) == fold(events)


async def test_what_live_handles_while_it_is_open_is_built_too_even_behind_the_cursor(
    world: World, some: Callable[..., list[Event]]
) -> None:
    early, late = some(3), some(5)
    await world.commit(*late)
    await world.receive(*late)
    job = world.replay()
    await job.begin(None, None, afresh=False)
    await job.feed("producer", world)
    # Their ids are smaller than the cursor: they commit now, and are delivered now, twice.
    await world.commit(*early)
    await world.receive(*early, *early)
    assert await world.rows(world.rebuilt) == fold(early + late)
    assert (await job.finish(apply=False)).comparison.is_equal


async def test_an_event_that_no_producer_exports_is_told(world: World, some: Callable[..., list[Event]]) -> None:
    events = some(3)
    await world.commit(*events[:2])
    await world.receive(*events)
    assert (await world.run()).only_live == 1


async def test_a_window_finds_what_was_lost_in_it_and_keeps_all_else(
    world: World, some: Callable[..., list[Event]], clock: FixedClock
) -> None:
    before = some(20)
    await world.commit(*before)
    clock.advance(hours=1)
    since, events = clock.now(), some(20)
    await world.commit(*events)
    clock.advance(hours=1)
    until, after = clock.now(), some(5)
    await world.commit(*after)
    await world.receive(*before, *events[:17])
    seen = await world.run(since=since, until=until)
    assert seen.only_rebuilt == 3
    assert not seen.comparison.is_equal
    assert (await world.run(since=since, until=until, apply=True)).is_applied
    assert await world.rows(world.live) == fold(before + events)
    await world.receive(*events, *after)
    assert await world.rows(world.live) == fold(before + events + after)


async def test_a_window_cannot_find_damage(world: World, some: Callable[..., list[Event]], clock: FixedClock) -> None:
    events = some(30)
    await world.commit(*events)
    await world.receive(*events)
    await world.damage()
    assert (await world.run(since=clock.now() - timedelta(hours=1))).comparison.is_equal


async def test_one_window_does_not_go_on_as_another(
    world: World, some: Callable[..., list[Event]], clock: FixedClock
) -> None:
    await world.commit(*some(3))
    await world.run()
    job = world.replay()
    with pytest.raises(JobFailed, match="everything is open"):
        await job.begin(clock.now(), None, afresh=False)
    await job.begin(clock.now(), None, afresh=True)
    with pytest.raises(JobFailed, match="the window from"):
        await world.run()
    assert await world.replay().discard()
    assert not await world.replay().discard()
    await world.run()


async def test_a_job_whose_replay_was_ended_or_begun_afresh_stops(
    world: World, some: Callable[..., list[Event]], clock: FixedClock
) -> None:
    await world.commit(*some(3))
    for end in ("discard", "afresh"):
        job = world.replay()
        await job.begin(None, None, afresh=True)
        clock.advance(seconds=1)
        other = world.replay()
        await (other.discard() if end == "discard" else other.begin(None, None, afresh=True))
        with pytest.raises(JobFailed, match="by somebody else"):
            await job.feed("producer", world)
        with pytest.raises(JobFailed, match="by somebody else"):
            await job.finish(apply=True)
    assert await world.rows(world.live) == {}


async def test_of_two_jobs_at_once_one_stops(worlds: list[World], some: Callable[..., list[Event]]) -> None:
    await worlds[0].commit(*some(250))
    slow = worlds[0].replay()
    await slow.begin(None, None, afresh=False)
    overtaken = asyncio.Event()

    async def be_overtaken() -> None:
        if not overtaken.is_set():
            overtaken.set()
            await worlds[1].run()

    async def feed() -> None:
        # The first page of all is only for its first event.
        worlds[0].on_page = be_overtaken
        await slow.feed("producer", worlds[0])

    with pytest.raises(JobFailed, match="Another replay of things is running"):
        await feed()


async def test_an_event_that_cannot_be_read_is_passed_over_and_not_recorded(
    world: World, some: Callable[..., list[Event]], make_event: MakeEvent
) -> None:
    events, unreadable = some(5), make_event(data={})
    other = make_event(type="other.done.v1")
    await world.commit(*events, unreadable, other)
    await world.receive(*events)
    with pytest.raises(UnreadableEvent):
        await world.receive(unreadable)
    result = await world.run()
    assert result.comparison.is_equal
    assert (result.only_rebuilt, result.only_live) == (0, 0)


async def test_a_producer_that_is_away_is_asked_again_a_bounded_number_of_times(
    world: World, some: Callable[..., list[Event]]
) -> None:
    events = some(3)
    await world.commit(*events)
    world.answers = [DependencyUnavailable("The producer service does not answer.")] * 2
    await world.run()
    assert await world.rows(world.rebuilt) == fold(events)
    world.answers = [DependencyUnavailable("The producer service does not answer.")] * 3
    with pytest.raises(JobFailed, match=r"does not answer\. What is done is kept"):
        await world.run()


async def test_a_transaction_under_way_is_waited_for_before_a_replay_opens_or_ends(
    worlds: list[World], some: Callable[..., list[Event]]
) -> None:
    world, other, _ = worlds
    events = some(3)
    await world.commit(*events)
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def wait(unit: UnitOfWork, event: Event) -> None:
        inside.set()
        await go_on.wait()
        await adding_to(world.live)["thing.done.v1"](unit, event)

    slow = Inbox("things", world.database, world.inbox.processed, {"thing.done.v1": wait}, world.rebuild)
    job = other.replay()
    done = [event for event in events if event.type == "thing.done.v1"]

    async def begin() -> None:
        await job.begin(None, None, afresh=True)

    async def discard() -> None:
        await job.discard()

    for event, step in zip(done, (begin, discard), strict=False):
        inside.clear()
        go_on.clear()
        handling = asyncio.create_task(slow.receive(event.to_json()))
        await inside.wait()
        stepping = asyncio.create_task(step())
        await asyncio.wait({stepping}, timeout=0.3)
        assert not stepping.done()
        go_on.set()
        await handling
        await stepping
    assert await world.rows(world.rebuilt) == {}
    assert await world.ids("things-rebuilt") == 0


@pytest.mark.parametrize("seed", range(3))
async def test_beside_live_traffic_killed_and_resumed_nothing_is_lost_and_nothing_doubled(
    worlds: list[World], some: Callable[..., list[Event]], seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311 - no secret
    job_world, *consumers = worlds
    past = some(350)
    await job_world.commit(*past)
    await consumers[0].receive(*dice.sample(past, 200))
    await job_world.damage()
    present, handed_out, kills = some(150), list[Event](), 0
    waiting = dice.sample(present, len(present))
    is_over = asyncio.Event()

    async def produce_and_consume(consumer: World) -> None:
        """Commit in another order than that of the ids; deliver late, twice, in any order; some only at the end."""
        while waiting and not is_over.is_set():
            event = waiting.pop()
            await job_world.commit(event)
            known = [*past, *handed_out, event]
            handed_out.append(event)
            await consumer.receive(*dice.sample(known, 2))

    live = [asyncio.create_task(produce_and_consume(consumer)) for consumer in consumers]
    for _ in range(3):
        job_world.die_after(dice.randrange(20, 120))
        with suppress(Killed):
            await job_world.run()
        kills += job_world.has_died
    assert kills == 3
    job_world.die_after(None)
    assert (await job_world.run(apply=True)).is_applied
    is_over.set()
    await asyncio.gather(*live)
    committed = [*past, *handed_out]
    for consumer in consumers:
        await consumer.receive(*dice.sample(committed, len(committed)))
    assert await job_world.rows(job_world.live) == fold(committed)
    assert await job_world.rows(job_world.rebuilt) == {}
    assert (await job_world.ids("things"), await job_world.ids("things-rebuilt")) == (len(committed), 0)
    assert (await job_world.run()).comparison.is_equal
