"""What the service publishes is what its schemas say."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator, ValidationError

from skillsync_kit.ids import new_id

if TYPE_CHECKING:
    from tests.conftest import World

SCHEMAS = Path(__file__).resolve().parents[1] / "events"


def validator(type: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{type}.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


async def test_a_sent_mail_is_published_by_its_schema_and_with_its_cause(world: "World") -> None:
    ana, bo = new_id(), new_id()
    types = ("proposed", "revised", "accepted", "confirmed", "finalized")
    events = [world.event(f"transaction.{name}.v1", ana, bo, actor=ana) for name in types]
    events.append(world.event("user.created.v1", subject=ana, data={}))
    await world.receive(*events)
    await world.send_all()

    mails = {row.id: row for row in await world.mails()}
    published = await world.published()
    assert len(published) == len(mails) == 7
    assert {event["data"]["template"] for event in published} == {row.template for row in mails.values()}
    for event in published:
        validator("email.sent.v1").validate(event["data"])
        mail = mails[event["subject"]]
        assert (event["type"], event["source"], event["sequence"]) == ("email.sent.v1", "/notifications", 1)
        assert event["data"] == {"recipient": mail.recipient, "template": mail.template, "cause": mail.event_id}
        assert (event["causationid"], event["correlationid"]) == (mail.event_id, "flow-1")
        # The same trace as the request that began it, another span.
        assert event["traceparent"].split("-")[1] == mail.traceparent.split("-")[1]
        assert event["traceparent"] != mail.traceparent


def test_the_schema_refuses_what_is_not_in_it() -> None:
    data = {"recipient": new_id(), "template": "receipt", "cause": new_id()}
    validator("email.sent.v1").validate(data)
    for wrong in ({**data, "address": "bo@people.example"}, {**data, "template": "spam"}, {"template": "receipt"}):
        with pytest.raises(ValidationError):
            validator("email.sent.v1").validate(wrong)
