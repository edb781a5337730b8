"""What the service emits keeps the schemas it publishes."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from skillsync_kit.events import Event
from skillsync_kit.ids import new_id

if TYPE_CHECKING:
    from tests.conftest import World

EVENTS = Path(__file__).resolve().parents[1] / "events"
TYPES = sorted(path.name.removesuffix(".json") for path in EVENTS.glob("*.json"))
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SECRETS = ("Ada", "Berg", "Zelda", "members.example", "Beginners")


def schema(type: str) -> Any:
    """The published schema of an event type's data."""
    return json.loads((EVENTS / f"{type}.json").read_text())


async def everything(world: "World") -> list[Event]:
    """Each event this service knows how to emit."""
    ada = await world.member(about="Zelda")
    await world.patch("/v1/users/me", ada, {"first_name": "Zelda", "about": None})
    await world.as_coordinator(f"/v1/users/{ada}/suspend", {"reason": "Ada was late"})
    await world.as_coordinator(f"/v1/users/{ada}/reinstate")
    id = await world.offering(ada, text="Beginners welcome")
    path = f"/v1/offerings/{id}"
    await world.patch(path, ada, {"text": "Beginners only", "modality": "remote"}, 1)
    await world.patch(path, ada, {"status": "paused"}, 2)
    await world.patch(path, ada, {"status": "active"}, 3)
    await world.patch(path, ada, {"status": "fulfilled"}, 4)
    await world.send("POST", f"{path}/renew", ada)
    world.clock.advance(days=180)
    await world.sweep()
    await world.send("DELETE", path, ada, if_match=7)
    await world.send("DELETE", "/v1/users/me", ada, if_match="*")
    world.clock.advance(days=7)
    await world.eraser.turn()
    return [*await world.events(ada), *await world.events(id)]


async def test_every_emitted_event_keeps_its_schema_and_every_schema_is_emitted(world: "World") -> None:
    emitted = await everything(world)
    for event in emitted:
        Draft202012Validator(schema(event.type), format_checker=Draft202012Validator.FORMAT_CHECKER).validate(
            dict(event.data)
        )
    assert sorted({event.type for event in emitted}) == TYPES


async def test_events_hold_no_names_addresses_or_texts(world: "World") -> None:
    for event in await everything(world):
        assert not [secret for secret in SECRETS if secret in event.to_json()]


async def test_an_event_names_its_source_schema_actor_and_place_in_the_sequence(world: "World") -> None:
    ada = new_id()
    names = {"first_name": "Ada", "last_name": "Berg"}
    await world.send("POST", "/v1/users", ada, names, traceparent=TRACE, x_correlation_id="flow-1")
    await world.patch("/v1/users/me", ada, {"about": "x"})
    created, updated = await world.events(ada)
    assert (created.type, created.sequence, created.actor, created.subject) == ("user.created.v1", 1, ada, ada)
    assert (updated.type, updated.sequence, updated.data["changed"]) == ("user.updated.v1", 2, ["about"])
    envelope = json.loads(created.to_json())
    assert envelope["source"] == "/users"
    assert envelope["dataschema"] == "/users/events/user.created.v1.json"
    assert envelope["traceparent"].split("-")[1] == TRACE.split("-")[1]
    assert envelope["correlationid"] == "flow-1"


@pytest.mark.parametrize("type", TYPES)
def test_a_schema_is_sound_strict_and_named_as_events_name_it(type: str) -> None:
    published = schema(type)
    Draft202012Validator.check_schema(published)
    assert published["$id"] == f"/users/events/{type}.json"
    assert published["additionalProperties"] is False
    assert set(published["required"]) == set(published["properties"])
