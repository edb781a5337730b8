"""Switches over HTTP, and that mails and the inbox keep to them."""

from typing import TYPE_CHECKING, Any

import pytest

from skillsync_kit.ids import new_id

if TYPE_CHECKING:
    from tests.conftest import World

PATH = "/v1/notifications/preferences"
BOTH = {"inbox": True, "mail": True}
AT_FIRST: dict[str, Any] = {
    "account": BOTH,
    "exchanges": BOTH,
    "reminders": BOTH,
    "digest": {"inbox": False, "mail": True},
    "coordination": {"inbox": False, "mail": True},
}


async def switch(world: "World", user: str, **topics: object) -> None:
    found = await world.get(PATH, user)
    body = {**found.json(), **topics}
    answer = await world.send("PUT", PATH, user, body, If_Match=found.headers["etag"])
    assert answer.status_code == 200


async def test_they_stand_as_at_first_until_they_are_set(world: "World") -> None:
    ana = new_id()
    found = await world.get(PATH, ana)
    assert (found.status_code, found.headers["etag"], found.json()) == (200, '"1"', AT_FIRST)
    assert (await world.get(PATH, ana, **{"If-None-Match": '"1"'})).status_code == 304
    wanted = {**AT_FIRST, "digest": {"inbox": False, "mail": False}}
    for _ in range(2):
        # The second time changes nothing.
        answer = await world.send("PUT", PATH, ana, wanted, If_Match="*")
        assert (answer.status_code, answer.headers["etag"], answer.json()) == (200, '"2"', wanted)
    assert (await world.get(PATH, ana)).json() == wanted
    assert (await world.get(PATH, new_id())).json() == AT_FIRST


@pytest.mark.parametrize(
    ("change", "headers", "status", "code"),
    [
        ({}, {}, 428, "if-match-required"),
        ({}, {"If_Match": '"2"'}, 412, "stale"),
        ({"account": {"inbox": True, "mail": False}}, {"If_Match": "*"}, 422, "required-mail"),
        ({"account": {"inbox": True}}, {"If_Match": "*"}, 422, "invalid"),
        ({"spam": BOTH}, {"If_Match": "*"}, 422, "invalid"),
        ({"digest": {"inbox": 1, "mail": True}}, {"If_Match": "*"}, 422, "invalid"),
    ],
)
async def test_what_breaks_a_rule_is_refused(
    world: "World", change: dict[str, object], headers: dict[str, str], status: int, code: str
) -> None:
    ana = new_id()
    answer = await world.send("PUT", PATH, ana, {**AT_FIRST, "digest": BOTH, **change}, **headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    if code == "required-mail":
        (error,) = answer.json()["errors"]
        assert error["pointer"] == "/account/mail"
        assert "always sent" in error["detail"]
    assert (await world.get(PATH, ana)).json() == AT_FIRST


async def test_a_topic_without_mail_is_in_the_inbox_and_is_not_mailed(world: "World") -> None:
    ana = new_id()
    await switch(world, ana, exchanges={"inbox": True, "mail": False})
    await world.receive(world.event("transaction.proposed.v1", ana), world.event("transaction.finalized.v1", ana))
    # Nobody is asked for what is not sent.
    world.exchanges.gone = {(await world.mails())[0].subject}
    await world.send_all()
    assert [(row.template, row.status) for row in await world.mails()] == [
        ("proposal-received", "unwanted"),
        ("receipt", "sent"),
    ]
    items = (await world.get("/v1/notifications", ana)).json()["items"]
    assert [item["status"] for item in items] == ["sent", "unwanted"]


async def test_a_switch_counts_for_what_waits_to_be_sent(world: "World") -> None:
    ana = new_id()
    await world.receive(world.event("transaction.proposed.v1", ana))
    await switch(world, ana, exchanges={"inbox": True, "mail": False})
    await world.send_all()
    assert (world.mailbox.letters, [row.status for row in await world.mails()]) == ([], ["unwanted"])


async def test_a_topic_without_inbox_is_mailed_alone(world: "World") -> None:
    ana = new_id()
    await switch(world, ana, exchanges={"inbox": False, "mail": True})
    await world.receive(world.event("transaction.proposed.v1", ana))
    await world.send_all()
    assert len(world.mailbox.letters) == 1
    assert (await world.get("/v1/notifications", ana)).json() == {"items": [], "next": None, "unread": 0}
    (row,) = await world.mails()
    hidden = await world.send("PATCH", f"/v1/notifications/{row.id}", ana, {"read": True}, If_Match="*")
    assert hidden.status_code == 404
