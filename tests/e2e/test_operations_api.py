"""The operators' API of a running system, through the gateway: its picture, a redrive, and an exchange's trail."""

import json
from typing import Any
from uuid import uuid4

import pytest

from skillsync_testing.member import Member
from skillsync_testing.system import System, eventually

WHOLE = [
    ("received", "transactions"),
    ("committed", "transactions"),
    ("published", "transactions"),
    ("handled", "analytics"),
    ("handled", "notifications"),
    ("handled", "users"),
    *[("mail-intended", "notifications")] * 2,
    *[("mail-sent", "notifications")] * 2,
]


@pytest.fixture(scope="module")
def operator(system: System) -> Member:
    return system.member("Ola", "operator")


def test_the_picture_shows_all_that_runs(system: System, operator: Member) -> None:
    def whole() -> dict[str, Any]:
        shown: dict[str, Any] = operator.get("/operations/system").json()
        is_whole = shown["queues"] and {row["state"] for row in shown["processes"]} == {"ready"}
        return shown if is_whole and not [row for row in shown["outboxes"] if row["problem"]] else {}

    # On a busy machine a part may be late once.
    picture = eventually(whole, what="every part answers")
    running = {process["name"] for process in system.status["processes"]} - {"cloud"}
    assert {row["name"] for row in picture["processes"]} == running
    assert all(row["uptime_seconds"] > 0 for row in picture["processes"])
    assert [row["name"] for row in picture["queues"]] == [
        "user",
        "transaction",
        "notification",
        "analytics",
        "feedback",
    ]
    assert picture["queues_problem"] is None
    assert [row["service"] for row in picture["outboxes"]] == ["users", "transactions", "notifications"]


def test_an_exchange_is_followed_from_the_request_to_the_mail(system: System, operator: Member) -> None:
    ana, bo = system.member("Ana").make_profile(), system.member("Bo").make_profile()
    id = ana.finalized_exchange_with(bo)["id"]

    def steps() -> list[dict[str, Any]]:
        events = operator.get(f"/operations/exchanges/{id}/trail").json().get("events", [])
        finalized = [event for event in events if event["type"] == "transaction.finalized.v1"]
        found: list[dict[str, Any]] = finalized[0]["steps"] if finalized else []
        return found if sorted((step["what"], step["by"]) for step in found) == sorted(WHOLE) else []

    whole = eventually(steps, what="every step is there")
    assert (whole[0]["what"], whole[0]["milliseconds"]) == ("received", 0.0)
    assert [step["milliseconds"] for step in whole] == sorted(step["milliseconds"] for step in whole)
    assert {step["status"] for step in whole if step["what"] == "mail-sent"} == {"sent"}
    trail = operator.get(f"/operations/exchanges/{id}/trail").text
    assert not [person for person in (ana, bo) if person.id in trail or person.email in trail]
    assert operator.get(f"/operations/exchanges/{uuid4()}/trail").status_code == 404
    assert ana.get(f"/operations/exchanges/{id}/trail").status_code == 404


def test_what_a_consumer_gave_up_on_is_moved_back_by_a_click(system: System, operator: Member) -> None:
    # A queue whose consumer passes over what it has had: nothing else lies in this DLQ.
    sqs, queue = system.aws("sqs"), system.status["queues"]["analytics"]
    with system.subscribed_queue() as received:
        system.member("Cleo").make_profile()
        event = eventually(received, what="an event")[0]
    sqs.send_message(
        QueueUrl=queue["dlq_url"],
        MessageBody=json.dumps(event),
        MessageAttributes={"type": {"DataType": "String", "StringValue": event["type"]}},
    )
    key = uuid4().hex
    first = operator.post("/operations/queues/analytics/redrive", key=key)
    assert (first.status_code, first.json()) == (200, {"queue": "analytics", "moved": 1, "left": 0})
    again = operator.post("/operations/queues/analytics/redrive", key=key)
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
    eventually(system.queues_are_empty, what="all queues are empty")
