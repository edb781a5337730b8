"""What the service really emits conforms to the schemas it publishes."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from skillsync_kit.events import Event
from skillsync_transactions.events import AccountSoftLimitCrossed, TransactionEvent

if TYPE_CHECKING:
    from tests.conftest import World

DIRECTORY = Path(__file__).resolve().parents[1] / "events"
SCHEMAS: dict[str, dict[str, Any]] = {path.stem: json.loads(path.read_text()) for path in DIRECTORY.glob("*.json")}


def check(event: Event) -> None:
    """Raise ValidationError when an event's data is not what its schema says."""
    Draft202012Validator(SCHEMAS[event.type]).validate(dict(event.data))


async def lives(world: "World", ada: str, bo: str) -> list[Event]:
    """The events of transactions that end in every way, and of the account of one who receives much."""
    swap = await world.drafted(ada, bo, scheduled_for="2030-01-05T10:00:00+01:00")
    await world.act("propose", swap, ada)
    await world.patch(swap, bo, {"title": "secret title", "legs": {"b": {"minutes": 90}}}, 2)
    await world.act("accept", swap, ada, 2)
    await world.patch(swap, bo, {"note": "secret note", "legs": {"b": {"minutes": 120}}}, 4)
    await world.act("accept", swap, ada, 3)
    await world.act("cancel", swap, bo, body={"reason": "secret reason"})
    terms = {"title": "secret", "settlement": "hours", "legs": world.gift(ada, bo, 330)}
    gift = await world.accepted(ada, bo, **terms)
    await world.act("finalize", gift, ada, 1)
    await world.act("finalize", gift, bo, 1)
    declined = await world.proposed(ada, bo)
    await world.act("decline", declined, bo, body={"reason": "secret reason"})
    told = [swap, gift, declined, await world.expired(ada, bo), bo]
    return [event for subject in told for event in await world.events(subject)]


def test_every_event_of_the_code_has_a_schema_and_every_schema_an_event() -> None:
    kinds = {kind.type for kind in TransactionEvent.__subclasses__()} | {AccountSoftLimitCrossed.type}
    assert set(SCHEMAS) == kinds
    for name, schema in SCHEMAS.items():
        Draft202012Validator.check_schema(schema)
        assert (schema["title"], schema["additionalProperties"]) == (name, False)
        assert schema["$id"].endswith(f"/transactions/events/{name}.json")


async def test_every_emitted_event_conforms_to_its_schema(world: "World", ada: str, bo: str) -> None:
    events = await lives(world, ada, bo)
    for event in events:
        check(event)
    assert {event.type for event in events} == set(SCHEMAS)


async def test_a_schema_refuses_what_it_does_not_name_and_what_is_missing(world: "World", ada: str, bo: str) -> None:
    for event in await lives(world, ada, bo):
        validator = Draft202012Validator(SCHEMAS[event.type])
        with pytest.raises(ValidationError):
            validator.validate({**event.data, "title": "x"})
        for name in event.data:
            assert not validator.is_valid({key: value for key, value in event.data.items() if key != name}), name


async def test_events_hold_no_names_and_no_free_text(world: "World", ada: str, bo: str) -> None:
    for event in await lives(world, ada, bo):
        text = event.to_json()
        assert not any(word in text for word in ("secret", "Given", "first_name", "note")), text


async def test_what_time_did_has_no_actor(world: "World", ada: str, bo: str) -> None:
    silent = [event for event in await lives(world, ada, bo) if event.actor is None]
    assert [event.type for event in silent] == ["transaction.expired.v1"]
    assert "actor" not in json.loads(silent[0].to_json())


async def test_an_accounts_events_are_of_its_owner(world: "World", ada: str, bo: str) -> None:
    (event,) = [event for event in await lives(world, ada, bo) if event.type == AccountSoftLimitCrossed.type]
    assert (event.subject, event.sequence, event.data["from"], event.data["to"]) == (bo, 1, 0, -330)


async def test_the_envelope_carries_the_request_that_caused_it(world: "World", ada: str, bo: str) -> None:
    id = await world.drafted(ada, bo)
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    headers = {"traceparent": trace, "x-correlation-id": "flow-1", "x-request-id": "request-1"}
    await world.act("propose", id, ada, headers=headers)
    (event,) = await world.events(id)
    assert (event.source, event.subject, event.actor, event.time) == ("/transactions", id, ada, world.clock.now())
    assert (event.correlation_id, event.causation_id) == ("flow-1", "request-1")
    assert event.traceparent is not None
    assert event.traceparent.split("-")[1] == trace.split("-")[1]
    envelope = json.loads(event.to_json())
    assert envelope["dataschema"] == "/transactions/events/transaction.proposed.v1.json"
