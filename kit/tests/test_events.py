"""Events on the wire: CloudEvents that come back as they were, and a reader tolerant of what it does not know."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillsync_kit.events import Event, UnreadableEvent

MakeEvent = Callable[..., Event]
names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=64)
optional = st.none() | st.text(st.characters(codec="utf-8"), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def whole_milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)


@given(
    st.builds(
        Event,
        id=names,
        type=names,
        source=names,
        subject=names,
        sequence=st.integers(1, 2**53),
        time=st.datetimes(min_value=datetime(1000, 1, 1)).map(whole_milliseconds),  # noqa: DTZ001 - made aware in map
        data=st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), values, max_size=3),
        actor=optional,
        correlation_id=optional,
        causation_id=optional,
        traceparent=optional,
    )
)
def test_an_event_comes_back_as_it_was(event: Event) -> None:
    assert Event.from_json(event.to_json()) == event
    assert Event.from_json(event.to_json().encode()) == event


def test_the_envelope_is_a_cloud_event(make_event: MakeEvent) -> None:
    moment = datetime(2030, 1, 1, 13, 0, 0, 5000, tzinfo=timezone(timedelta(hours=1)))
    event = make_event(sequence=3, time=moment, actor="ann", correlation_id="c", causation_id="d", traceparent="t")
    assert json.loads(event.to_json()) == {
        "specversion": "1.0",
        "id": event.id,
        "type": "thing.done.v1",
        "source": "/things",
        "subject": event.subject,
        "time": "2030-01-01T12:00:00.005Z",
        "datacontenttype": "application/json",
        "dataschema": "/things/events/thing.done.v1.json",
        "sequence": 3,
        "actor": "ann",
        "correlationid": "c",
        "causationid": "d",
        "traceparent": "t",
        "data": {"minutes": 60},
    }


def test_what_is_not_known_is_left_out(make_event: MakeEvent) -> None:
    assert not json.loads(make_event().to_json()).keys() & {"actor", "correlationid", "causationid", "traceparent"}


def test_a_reader_passes_over_what_it_does_not_know(make_event: MakeEvent) -> None:
    event = make_event()
    newer = {**json.loads(event.to_json()), "specversion": "1.1", "partition": 7, "unknown": {"a": [1]}}
    newer["data"]["colour"] = "red"
    read = Event.from_json(json.dumps(newer))
    assert (read.id, read.data) == (event.id, {"minutes": 60, "colour": "red"})


CHANGES: dict[str, dict[str, Any]] = {
    "no id": {"id": None},
    "an empty id": {"id": ""},
    "a long id": {"id": "x" * 65},
    "another spec": {"specversion": "0.3"},
    "no type": {"type": None},
    "a long type": {"type": "x" * 129},
    "no subject": {"subject": None},
    "sequence 0": {"sequence": 0},
    "sequence in words": {"sequence": "three"},
    "a time without zone": {"time": "2030-01-01T12:00:00"},
    "no time": {"time": "noon"},
    "no data": {"data": None},
    "data that is a list": {"data": []},
    "an actor that is a number": {"actor": 5},
}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES.keys())
def test_what_is_no_event_is_unreadable(make_event: MakeEvent, changes: dict[str, Any]) -> None:
    envelope = {**json.loads(make_event().to_json()), **changes}
    with pytest.raises(UnreadableEvent) as unreadable:
        Event.from_json(json.dumps(envelope))
    assert next(iter(changes)) in str(unreadable.value)


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"x"', "\ud800", "[" * 100_000, b"\xff", "9" * 5000])
def test_what_is_no_json_object_is_unreadable(body: str | bytes) -> None:
    with pytest.raises(UnreadableEvent):
        Event.from_json(body)


def test_the_reason_tells_nothing_of_the_content(make_event: MakeEvent) -> None:
    envelope = {**json.loads(make_event().to_json()), "time": "ann@mail.example", "sequence": "bo@mail.example"}
    with pytest.raises(UnreadableEvent) as unreadable:
        Event.from_json(json.dumps(envelope))
    assert "mail.example" not in str(unreadable.value)
