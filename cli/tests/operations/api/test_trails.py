"""An exchange's trail, put together from what the services tell."""

from typing import Any

import pytest

from skillsync_kit.ids import new_id

ID, FIRST, SECOND, MAIL = (new_id() for _ in range(4))
PRODUCED = f"/internal/trails/{ID}"
HANDLED = f"/internal/processed-messages?event={FIRST}&event={SECOND}"
MAILS = f"/internal/mails?event={FIRST}&event={SECOND}"
TRACE = "0af7651916cd43dd8448eb211c80319c"


def at(milliseconds: int) -> str:
    return f"2030-01-01T12:00:00.{milliseconds:03}000Z"


def event(id: str, sequence: int, **moments: str | None) -> dict[str, Any]:
    return {
        "id": id,
        "type": "transaction.finalized.v1",
        "sequence": sequence,
        "traceparent": f"00-{TRACE}-b7ad6b7169203331-00",
        "received_at": None,
        "created_at": at(0),
        "published_at": None,
        "attempts": 0,
        **moments,
    }


@pytest.fixture
def told(answers: Any) -> Any:
    """Two events: one that has gone all its way, one that is committed and no more."""
    whole = event(FIRST, 1, received_at=at(100), created_at=at(121), published_at=at(154))
    answers.plan("GET", PRODUCED, (200, {"items": [whole, event(SECOND, 2)], "more": False}))
    answers.plan("GET", HANDLED, (200, {"items": [{"event_id": FIRST, "processed_at": at(171)}]}))
    mail = {
        "id": MAIL,
        "event_id": FIRST,
        "template": "receipt",
        "status": "sent",
        "attempts": 1,
        "created_at": at(180),
        "sent_at": at(410),
    }
    answers.plan("GET", MAILS, (200, {"items": [mail]}))
    return answers


async def test_each_event_has_its_steps_in_the_order_of_time_with_milliseconds(api: Any, told: Any) -> None:
    trail = (await api.get(f"/exchanges/{ID}/trail")).json()
    assert (trail["transaction_id"], trail["more"], trail["silent"]) == (ID, False, [])
    first, second = trail["events"]
    assert (first["event_id"], first["trace_id"], first["sequence"]) == (FIRST, TRACE, 1)
    assert [(step["what"], step["by"], step["milliseconds"]) for step in first["steps"]] == [
        ("received", "transactions", 0.0),
        ("committed", "transactions", 21.0),
        ("published", "transactions", 54.0),
        ("handled", "users", 71.0),
        ("handled", "notifications", 71.0),
        ("handled", "analytics", 71.0),
        ("mail-intended", "notifications", 80.0),
        ("mail-sent", "notifications", 310.0),
    ]
    sent = {name: first["steps"][-1][name] for name in ("mail_id", "template", "status", "attempts")}
    assert sent == {"mail_id": MAIL, "template": "receipt", "status": "sent", "attempts": 1}
    assert [(step["what"], step["milliseconds"], step["mail_id"]) for step in second["steps"]] == [
        ("committed", 0.0, None)
    ]


async def test_a_consumer_that_is_silent_is_named_and_its_steps_are_missing(api: Any, told: Any) -> None:
    told.plan("GET", MAILS, (500, {}))
    told.plan("GET", HANDLED, (404, {}))
    trail = (await api.get(f"/exchanges/{ID}/trail")).json()
    assert {(one["service"], one["problem"]) for one in trail["silent"]} >= {
        ("analytics", "The analytics service does not know /internal/processed-messages."),
        ("users", "The users service does not know /internal/processed-messages."),
    }
    assert [one["service"] for one in trail["silent"]] == ["analytics", "notifications", "users"]
    assert [step["what"] for step in trail["events"][0]["steps"]] == ["received", "committed", "published"]


async def test_what_nobody_has_made_has_no_trail(api: Any, answers: Any) -> None:
    answers.plan("GET", PRODUCED, (200, {"items": [], "more": False}))
    assert (await api.get(f"/exchanges/{ID}/trail")).status_code == 404
    assert (await api.get("/exchanges/no-id/trail")).status_code == 404


@pytest.mark.parametrize("answer", [(500, {}), (200, {"items": [{}], "more": False}), (404, {})])
async def test_without_the_producer_there_is_no_answer(api: Any, answers: Any, answer: tuple[int, Any]) -> None:
    answers.plan("GET", PRODUCED, answer)
    refused = await api.get(f"/exchanges/{ID}/trail")
    assert (refused.status_code, refused.json()["code"]) == (503, "dependency-unavailable")
