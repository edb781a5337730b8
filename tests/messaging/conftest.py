"""The messaging of one run, and the product's own parts on both sides of it.

Without AWS_ENDPOINT_URL the session's private emulator; with it that endpoint; with MESSAGING=aws the account that
AWS's own variables name.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select
from sqlalchemy.ext.asyncio import create_async_engine

from skillsync_kit.aws import SnsPublisher, open_client
from skillsync_kit.clock import SystemClock
from skillsync_kit.consumer import Consumer
from skillsync_kit.database import Database, UnitOfWork, key_text
from skillsync_kit.events import Event
from skillsync_kit.failed_messages import FailedMessages, failed_messages_table
from skillsync_kit.ids import new_id
from skillsync_kit.inbox import Handler, Inbox
from skillsync_kit.outbox import Outbox, outbox_table
from skillsync_kit.processed_messages import ProcessedMessages, processed_messages_table
from skillsync_kit.relay import Message, Relay
from skillsync_kit.telemetry import configure
from skillsync_testing.messaging import ConsumerQueue, Endpoint, Messaging, Watched, chosen_endpoint, drain, made
from skillsync_testing.plugin import MakeDatabase

# The one type that reaches a single queue; tests that need a queue to themselves publish it.
ALONE, ALONE_IN = "account.soft_limit_crossed.v1", "Notification"
MakeEvent = Callable[..., Event]
Publish = Callable[..., Awaitable[None]]
Consuming = Callable[..., AbstractAsyncContextManager[Watched]]
OpenDatabase = Callable[[], Awaitable[Database]]


@pytest.fixture(scope="session", autouse=True)
def _telemetry() -> None:
    """Log lines are JSON, as in a process."""
    configure("tests")


@pytest.fixture(scope="session")
def endpoint(request: pytest.FixtureRequest) -> Endpoint:
    """Where SNS and SQS are."""
    return chosen_endpoint(lambda: request.getfixturevalue("emulator"))


@pytest.fixture(scope="session")
def messaging(endpoint: Endpoint) -> Iterator[Messaging]:
    """The resources of this run."""
    with made(endpoint) as resources:
        yield resources


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """Closes what a test opens."""
    async with AsyncExitStack() as opened:
        yield opened


@pytest.fixture
async def sqs(stack: AsyncExitStack, endpoint: Endpoint) -> Any:
    """SQS as the consumer opens it."""
    with endpoint.entered():
        return await open_client(stack, "sqs", read_timeout_seconds=40)


@pytest.fixture
async def publisher(stack: AsyncExitStack, endpoint: Endpoint, messaging: Messaging) -> SnsPublisher:
    """The relay's publisher, as a producing service's role."""
    with endpoint.entered(messaging.producer):
        return SnsPublisher(await open_client(stack, "sns"), messaging.topic_arn)


@pytest.fixture
def publish(publisher: SnsPublisher) -> Publish:
    """Publishes as the relay does, as often as an event is named."""

    async def run(*events: Event) -> None:
        for event in events:
            assert await publisher.publish([Message(event.id, event.type, event.to_json(), 0)]) == {}

    return run


@pytest.fixture
async def queue(sqs: Any, messaging: Messaging) -> ConsumerQueue:
    """A consumer's queue that only this test's messages reach, empty, as is its DLQ."""
    chosen = messaging.queues[ALONE_IN]
    for url in (chosen.url, chosen.dlq_url):
        await drain(sqs, url)
    return chosen


@pytest.fixture
async def patient_queue(sqs: Any, messaging: Messaging) -> str:
    """The URL of a test's own queue, which hides a message for five minutes: who gets one sooner was given it back."""
    name = f"{messaging.env_name}-patient-{secrets.token_hex(4)}"
    answer = await sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "300"})
    return str(answer["QueueUrl"])


@pytest.fixture
def metadata() -> MetaData:
    """The tables of a service that produces and consumes; one row of effects for each time something happened."""
    metadata = MetaData()
    outbox_table(metadata)
    processed_messages_table(metadata)
    failed_messages_table(metadata)
    Table(
        "effects",
        metadata,
        Column("number", Integer, primary_key=True, autoincrement=True),
        Column("cause", key_text(64), nullable=False),
    )
    Table("newest", metadata, Column("subject", key_text(64), primary_key=True), Column("sequence", Integer))
    return metadata


@pytest.fixture
async def open_database(stack: AsyncExitStack, metadata: MetaData, make_database: MakeDatabase) -> OpenDatabase:
    """Opens this test's database, as one process does: with an outbox and a pool of its own."""
    url = make_database("sqlite")
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await engine.dispose()

    async def open_one() -> Database:
        database = Database(url, record=Outbox(metadata.tables["outbox"], SystemClock()).record)
        stack.push_async_callback(database.close)
        return database

    return open_one


@pytest.fixture
async def database(open_database: OpenDatabase) -> Database:
    """One process's database."""
    return await open_database()


@pytest.fixture
def relay(database: Database, metadata: MetaData, publisher: SnsPublisher) -> Relay:
    """The relay of the outbox."""
    clock = SystemClock()
    return Relay(database, Outbox(metadata.tables["outbox"], clock), publisher, clock)


@pytest.fixture
def make_event() -> MakeEvent:
    """Makes events, each of a subject of its own; its arguments are what to change."""

    def make(**changes: object) -> Event:
        parts = {
            "id": new_id(),
            "type": ALONE,
            "source": "/messaging-suite",
            "subject": new_id(),
            "sequence": 1,
            "time": SystemClock().now(),
            "data": {"minutes": 60},
        }
        return Event(**{**parts, **changes})  # type: ignore[arg-type]

    return make


@pytest.fixture
def record(metadata: MetaData) -> Handler:
    """A handler whose effect is a row."""

    async def handle(unit: UnitOfWork, event: Event) -> None:
        await unit.connection.execute(insert(metadata.tables["effects"]), {"cause": event.id})

    return handle


@pytest.fixture
def effects(database: Database, metadata: MetaData) -> Callable[[], Awaitable[list[str]]]:
    """Reads the ids of the events that had their effect, once for each time."""

    async def read() -> list[str]:
        async with database.read() as connection:
            return list((await connection.execute(select(metadata.tables["effects"].c.cause))).scalars())

    return read


@pytest.fixture
def consuming(sqs: Any, database: Database, metadata: MetaData) -> Consuming:
    """Runs a consumer of a queue while a test is inside; gives its client, which remembers what it was handed."""

    @asynccontextmanager
    async def run(queue_url: str, handler: Handler, over: Database = database) -> AsyncIterator[Watched]:
        processed = ProcessedMessages(metadata.tables["processed_messages"], SystemClock())
        failed = FailedMessages(metadata.tables["failed_messages"], SystemClock())
        client, stopping = Watched(sqs), asyncio.Event()
        inbox = Inbox("suite", over, processed, {ALONE: handler})
        consumer = Consumer(client, queue_url, inbox, failed, long_poll_seconds=2)  # type: ignore[arg-type]
        running = asyncio.create_task(consumer.run(stopping))
        try:
            yield client
        finally:
            stopping.set()
            await asyncio.wait_for(running, 90)

    return run
