"""The ways out: decline, cancel, amend, reverse; and the history that tells of them."""

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from skillsync_kit.ids import new_id

if TYPE_CHECKING:
    from tests.conftest import World


async def test_who_declines_may_say_why(world: "World", ada: str, bo: str) -> None:
    id = await world.proposed(ada, bo)
    declined = await world.act("decline", id, bo, body={"reason": "I am away in May."})
    body = declined.json()
    assert (declined.status_code, declined.headers["etag"]) == (200, '"3"')
    assert (body["state"], body["ended_by"], body["reason"]) == ("declined", bo, "I am away in May.")
    assert (body["expires_at"], body["allowed_actions"]) == (None, [])
    assert (await world.get(f"/{id}", ada)).json() == body
    (_, event) = await world.events(id)
    assert (event.type, event.actor) == ("transaction.declined.v1", bo)
    assert (event.data["from"], event.data["to"]) == ("proposed", "declined")
    assert "May" not in event.to_json()


async def test_the_author_cancels_and_does_not_decline(world: "World", ada: str, bo: str) -> None:
    id = await world.proposed(ada, bo)
    assert (await world.act("decline", id, ada)).json()["code"] == "not-yours"
    assert (await world.act("cancel", id, bo)).json()["code"] == "not-yours"
    cancelled = await world.act("cancel", id, ada)
    assert (cancelled.json()["state"], cancelled.json()["ended_by"]) == ("cancelled", ada)
    assert (await world.events(id))[-1].type == "transaction.cancelled.v1"


async def test_what_was_accepted_is_cancelled_by_anyone_with_a_reason(world: "World", ada: str, bo: str) -> None:
    id = await world.accepted(ada, bo)
    for body in (None, {}, {"reason": None}):
        refused = await world.act("cancel", id, bo, body=body)
        assert (refused.status_code, refused.json()["code"]) == (422, "reason-required")
        assert refused.json()["errors"][0]["pointer"] == "/reason"
        assert refused.json()["allowed_actions"] == ["amend", "cancel", "finalize"]
    assert (await world.act("cancel", id, bo, body={"reason": "Ill"})).json()["state"] == "cancelled"


@pytest.mark.parametrize("verb", ["decline", "cancel", "reverse"])
@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"reason": ""}, "/reason"),
        ({"reason": "x" * 501}, "/reason"),
        ({"reason": 7}, "/reason"),
        ({"why": "x"}, "/why"),
        ([], ""),
    ],
)
async def test_a_reason_that_breaks_a_rule_is_422(
    world: "World", ada: str, bo: str, verb: str, body: Any, pointer: str
) -> None:
    id = await world.finalized(ada, bo)
    refused = await world.act(verb, id, bo, body=body)
    assert refused.status_code == 422
    assert pointer in {error["pointer"] for error in refused.json()["errors"]}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"expires_after_days": 0}, "/expires_after_days"),
        ({"expires_after_days": 61}, "/expires_after_days"),
        ({"expires_after_days": "7"}, "/expires_after_days"),
        ({"days": 7}, "/days"),
    ],
)
async def test_how_long_a_proposal_stays_open_is_1_to_60_days(
    world: "World", ada: str, bo: str, body: Any, pointer: str
) -> None:
    id = await world.drafted(ada, bo)
    refused = await world.act("propose", id, ada, body=body)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    proposed = await world.act("propose", id, ada, body={"expires_after_days": 7})
    assert proposed.json()["expires_at"] == "2030-01-08T12:00:00Z"
    world.clock.advance(days=2)
    revised = await world.patch(id, bo, {"legs": {"b": {"minutes": 90}}}, 2)
    assert revised.json()["expires_at"] == "2030-01-10T12:00:00Z"


async def test_an_amendment_proposes_anew(world: "World", ada: str, bo: str) -> None:
    id = await world.accepted(ada, bo)
    amended = await world.patch(id, bo, {"legs": {"b": {"minutes": 90}}}, 3)
    body = amended.json()
    assert (body["state"], body["version"], body["terms_rev"]) == ("proposed", 4, 2)
    assert [(a["user"], a["terms_rev"]) for a in body["acceptances"]] == [(bo, 2)]
    event = (await world.events(id))[-1]
    assert (event.type, event.data["from"], event.data["to"]) == ("transaction.revised.v1", "accepted", "proposed")
    stale = await world.act("finalize", id, ada, 1)
    assert stale.status_code == 409
    await world.act("accept", id, ada, 2)
    assert (await world.act("finalize", id, ada, 2)).json()["state"] == "finalized"


async def test_after_a_confirmation_nothing_is_amended(world: "World", ada: str, bo: str) -> None:
    id = await world.confirmed(ada, bo)
    refused = await world.patch(id, bo, {"legs": {"a": {"minutes": 90}}}, 4)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong-state")
    assert refused.json()["allowed_actions"] == ["cancel", "finalize"]


async def test_a_reversal_is_a_proposal_with_the_legs_turned_round(world: "World", ada: str, bo: str) -> None:
    id = await world.finalized(ada, bo, legs=world.gift(ada, bo))
    answer = await world.act("reverse", id, bo, body={"reason": "It was 30 minutes."})
    reversal = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, f"/v1/transactions/{reversal['id']}")
    assert (reversal["state"], reversal["author"], reversal["reverses_id"]) == ("proposed", bo, id)
    assert reversal["legs"] == {"a": {"giver": bo, "receiver": ada, "skill": "guitar", "minutes": 60}}
    assert (reversal["reason"], reversal["title"]) == ("It was 30 minutes.", "Guitar for German")
    assert [p["last_name"] for p in reversal["participants"]] == [bo[-4:], ada[-4:]]
    assert await world.history(reversal["id"]) == [(1, "create"), (2, "propose")]
    assert [event.type for event in await world.events(reversal["id"])] == ["transaction.proposed.v1"]
    original = (await world.get(f"/{id}", ada)).json()
    assert (original["reversed_by"], original["version"], original["allowed_actions"]) == (reversal["id"], 4, [])
    for person in (ada, bo):
        again = await world.act("reverse", id, person, body={"reason": "Again"})
        assert (again.status_code, again.json()["code"]) == (409, "already-reversed")
    assert (await world.act("accept", reversal["id"], ada, 1)).json()["state"] == "accepted"


async def test_two_reversals_at_once_have_one_winner(world: "World", other_process: "World", ada: str, bo: str) -> None:
    for _ in range(5):
        id = await world.finalized(ada, bo)
        reason = {"reason": "Undo"}
        answers = await asyncio.gather(
            world.act("reverse", id, ada, body=reason), other_process.act("reverse", id, bo, body=reason)
        )
        assert sorted(answer.status_code for answer in answers) == [201, 409]
        loser = max(answers, key=lambda answer: answer.status_code)
        assert loser.json()["code"] == "already-reversed"


async def test_twenty_proposals_may_be_open(world: "World", other_process: "World", ada: str, bo: str) -> None:
    drafts = [await world.drafted(ada, bo) for _ in range(24)]
    answers = await asyncio.gather(
        *((world, other_process)[n % 2].act("propose", id, ada) for n, id in enumerate(drafts))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 20 + [409] * 4
    refused = max(answers, key=lambda answer: answer.status_code)
    assert refused.json()["code"] == "too-many-open-proposals"


async def test_the_history_tells_who_did_what_and_why(world: "World", ada: str, bo: str) -> None:
    id = await world.drafted(ada, bo)
    await world.patch(id, ada, {"note": "On Sundays"}, 1)
    await world.act("propose", id, ada)
    await world.patch(id, bo, {"legs": {"b": {"minutes": 90}}}, 3)
    await world.act("decline", id, bo, body={"reason": "No time"})
    seen, path = [], f"/{id}/history?limit=2"
    while path:
        answer = await world.get(path, ada)
        seen += answer.json()["items"]
        path = answer.headers.get("link", "").partition(">")[0].partition("/v1/transactions")[2]
    told = [(e["number"], e["actor"], e["action"], e["from"], e["to"], e["changed"], e["reason"]) for e in seen]
    assert told == [
        (1, ada, "create", None, "draft", [], None),
        (2, ada, "edit", "draft", "draft", ["/note"], None),
        (3, ada, "propose", "draft", "proposed", [], None),
        (4, bo, "revise", "proposed", "proposed", ["/legs/b/minutes"], None),
        (5, bo, "decline", "proposed", "declined", [], "No time"),
    ]
    cursor = (await world.get(f"/{id}/history?limit=2", ada)).json()["next"]
    elsewhere = await world.get(f"/{await world.proposed(ada, bo)}/history?cursor={cursor}", ada)
    assert (elsewhere.status_code, elsewhere.json()["errors"][0]["pointer"]) == (422, "the query: cursor")
    assert (await world.get(f"/{id}/history", new_id())).status_code == 404


async def test_who_is_suspended_does_not_hold_the_other(world: "World", ada: str, bo: str) -> None:
    proposed, accepted, of_bo = (
        await world.proposed(ada, bo),
        await world.accepted(ada, bo),
        await world.proposed(bo, ada),
    )
    finalized = await world.finalized(ada, bo)
    await world.tell(bo, "suspended")
    bound = await world.act("accept", of_bo, ada, 1)
    assert (bound.status_code, bound.json()["code"]) == (422, "participant-unavailable")
    assert bound.json()["allowed_actions"] == ["accept", "decline", "revise"]
    revised = await world.patch(proposed, ada, {"legs": {"a": {"minutes": 90}}}, 2)
    assert revised.json()["code"] == "participant-unavailable"
    undone = await world.act("reverse", finalized, ada, body={"reason": "Undo"})
    assert undone.json()["code"] == "participant-unavailable"
    assert (await world.act("decline", of_bo, ada)).json()["state"] == "declined"
    assert (await world.act("cancel", proposed, ada)).json()["state"] == "cancelled"
    assert (await world.act("finalize", accepted, ada, 1)).json()["state"] == "finalized"
    for refused in (
        await world.act("cancel", accepted, bo, body={"reason": "x"}),
        await world.act("reverse", finalized, bo, body={"reason": "x"}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "not-a-member")
