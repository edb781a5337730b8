"""Failed messages: the latest failure of each, and a reason that tells where but not what people wrote."""

from collections.abc import Callable

import pytest
from sqlalchemy import MetaData
from structlog.testing import capture_logs

from skillsync_kit.database import Database
from skillsync_kit.events import Event, UnreadableEvent
from skillsync_kit.failed_messages import FailedMessage, FailedMessages
from skillsync_kit.failures import reason_of, record_failure
from skillsync_kit.ids import new_id
from skillsync_kit.testing import FixedClock

MakeEvent = Callable[..., Event]
WRITTEN = "what somebody wrote"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def failed(metadata: MetaData, clock: FixedClock) -> FailedMessages:
    return FailedMessages(metadata.tables["failed_messages"], clock)


async def find(database: Database, failed: FailedMessages, *ids: str) -> list[FailedMessage]:
    async with database.read() as connection:
        return await failed.find(connection, ids)


async def test_the_latest_failure_of_each_message_is_kept(
    database: Database, failed: FailedMessages, clock: FixedClock
) -> None:
    async def record(message_id: str, reason: str, receives: int, consumer: str = "things") -> None:
        await database.run(
            lambda unit: failed.record(
                unit, consumer=consumer, message_id=message_id, reason=reason, receives=receives, event_id="e1"
            )
        )

    await record("m1", "first", 1)
    await record("m2", "other", 1)
    clock.advance(seconds=5)
    await record("m1", "x" * 600, 2)
    await record("m1", "of another consumer", 1, consumer="others")
    found = {(each.consumer, each.message_id): each for each in await find(database, failed, "m1", "m2", "m3")}
    assert found.keys() == {("things", "m1"), ("things", "m2"), ("others", "m1")}
    assert found["things", "m1"] == FailedMessage("things", "m1", "e1", None, None, "x" * 500, 2, clock.now())
    assert await find(database, failed) == []


async def test_a_failure_is_recorded_with_its_event(
    database: Database, failed: FailedMessages, clock: FixedClock, make_event: MakeEvent
) -> None:
    event, id = make_event(traceparent=TRACE), new_id()
    await record_failure(
        failed, database, LookupError(WRITTEN), consumer="things", message_id=id, body=event.to_json(), receives=3
    )
    [found] = await find(database, failed, id)
    assert found == FailedMessage("things", id, event.id, event.type, TRACE, "LookupError", 3, clock.now())


async def test_a_failure_of_what_is_no_event_or_has_an_odd_trace_is_recorded_too(
    database: Database, failed: FailedMessages, make_event: MakeEvent
) -> None:
    bodies = ["no event", "\ud800", make_event(traceparent="x" * 5000).to_json()]
    for number, body in enumerate(bodies):
        error = UnreadableEvent("body: no JSON")
        await record_failure(failed, database, error, consumer="things", message_id=str(number), body=body, receives=1)
    found = await find(database, failed, "0", "1", "2")
    assert [(each.reason, each.traceparent) for each in found] == [("UnreadableEvent: body: no JSON", None)] * 3


async def test_a_failure_that_cannot_be_recorded_is_passed_over(
    failed: FailedMessages, make_database: Callable[[str], str]
) -> None:
    without_tables = Database(make_database("sqlite"))
    with capture_logs() as lines:
        await record_failure(
            failed, without_tables, LookupError(), consumer="things", message_id="m1", body="", receives=1
        )
    await without_tables.close()
    assert [line["event"] for line in lines][-1] == "failure not recorded"


def test_a_reason_is_the_class_and_the_innermost_place_of_ours_and_never_the_text() -> None:
    ours = {"__name__": "skillsync_things.service"}
    exec("import json\ndef read(text):\n    json.loads(text)\n", ours)  # noqa: S102 - a module of ours, for its name
    with pytest.raises(ValueError, match="Expecting value") as caught:
        ours["read"](WRITTEN)  # type: ignore[operator]
    assert reason_of(caught.value) == "JSONDecodeError at skillsync_things.service:read:3"
    assert WRITTEN not in reason_of(KeyError(WRITTEN))
    assert reason_of(UnreadableEvent("no handler for a.v1")) == "UnreadableEvent: no handler for a.v1"
