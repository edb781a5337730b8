"""Bounces and complaints as SES sends them: what they stop, what the inbox shows of them, and that each counts once."""

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from skillsync_kit.events import UnreadableEvent
from skillsync_kit.ids import new_id
from skillsync_notifications import tables
from skillsync_notifications.entities import Letter

if TYPE_CHECKING:
    from tests.conftest import World


def bounce(world: "World", user: str, ses_id: str, mail_id: str | None, kind: str = "Permanent") -> str:
    """As SES writes it, shortened."""
    address = world.members.address(user)
    return json.dumps(
        {
            "eventType": "Bounce",
            "bounce": {
                "feedbackId": new_id(),
                "bounceType": kind,
                "bounceSubType": "General",
                "bouncedRecipients": [
                    {"emailAddress": address.upper(), "action": "failed", "status": "5.1.1", "diagnosticCode": "smtp"}
                ],
                "timestamp": "2030-01-01T12:00:09.000Z",
            },
            "mail": _mail(address, ses_id, mail_id),
        }
    )


def complaint(world: "World", user: str, ses_id: str, mail_id: str | None) -> str:
    address = world.members.address(user)
    return json.dumps(
        {
            "eventType": "Complaint",
            "complaint": {"complainedRecipients": [{"emailAddress": address}], "feedbackId": new_id()},
            "mail": _mail(address, ses_id, mail_id),
        }
    )


def _mail(address: str, ses_id: str, mail_id: str | None) -> dict[str, Any]:
    tags = {"ses:configuration-set": ["skillsync-local"]}
    return {
        "timestamp": "2030-01-01T12:00:00.000Z",
        "messageId": ses_id,
        "destination": [address],
        "tags": tags | ({"mail_id": [mail_id]} if mail_id else {}),
    }


async def sent(world: "World", type: str = "transaction.proposed.v1") -> tuple[str, str]:
    """Somebody with a mail that was sent, and its id."""
    ana = new_id()
    await world.receive(world.event(type, ana))
    await world.send_all()
    (row,) = [row for row in await world.mails() if row.recipient == ana]
    return ana, row.id


async def tell_again(world: "World", user: str, *types: str) -> list[str]:
    """Tell them by mails of these types, and what became of each."""
    known = {row.id for row in await world.mails()}
    for type in types:
        await world.receive(world.event(type, user))
        await world.send_all()
    return [row.status for row in await world.mails() if row.id not in known]


async def test_a_hard_bounce_stops_the_next_mail_and_shows_in_the_inbox(world: "World") -> None:
    ana, mail = await sent(world)
    await world.returns.receive(bounce(world, ana, "ses-1", mail))
    (item,) = (await world.get("/v1/notifications", ana)).json()["items"]
    assert (item["id"], item["status"], item["version"]) == (mail, "bounced", 3)
    again = await tell_again(world, ana, "transaction.proposed.v1", "transaction.finalized.v1")
    assert (again, len(world.mailbox.letters)) == (["suppressed", "suppressed"], 1)
    types = [event["type"] for event in await world.published()]
    assert types == ["email.sent.v1", "email.bounced.v1"]
    assert (await sent(world))[1] in [row.id for row in await world.mails() if row.status == "sent"]


async def test_a_new_address_gets_mail_again(world: "World", monkeypatch: pytest.MonkeyPatch) -> None:
    ana, mail = await sent(world)
    await world.returns.receive(bounce(world, ana, "ses-1", mail))
    monkeypatch.setattr(world.members, "address", lambda user: f"{user}@other.example")
    assert await tell_again(world, ana, "transaction.proposed.v1") == ["sent"]


async def test_a_complaint_stops_all_but_required_mail(world: "World") -> None:
    ana, mail = await sent(world)
    await world.returns.receive(complaint(world, ana, "ses-1", mail))
    again = await tell_again(world, ana, "transaction.proposed.v1", "transaction.finalized.v1")
    assert again == ["suppressed", "sent"]
    shown = (await world.get("/v1/notifications", ana)).json()["items"]
    assert [item["status"] for item in shown] == ["sent", "suppressed", "complained"]
    assert [event["type"] for event in await world.published()].count("email.complained.v1") == 1


async def test_a_bounce_after_a_complaint_stops_all(world: "World") -> None:
    ana, mail = await sent(world)
    await world.returns.receive(complaint(world, ana, "ses-1", mail))
    await world.returns.receive(bounce(world, ana, "ses-1", mail))
    assert await tell_again(world, ana, "transaction.finalized.v1") == ["suppressed"]


async def test_a_soft_bounce_is_counted_and_stops_nothing(world: "World") -> None:
    ana, mail = await sent(world)
    await world.returns.receive(bounce(world, ana, "ses-1", mail, "Transient"))
    assert [row.status for row in await world.mails()] == ["sent"]
    assert await tell_again(world, ana, "transaction.proposed.v1") == ["sent"]
    # The hard one of the same mail is another thing.
    await world.returns.receive(bounce(world, ana, "ses-1", mail))
    assert await tell_again(world, ana, "transaction.proposed.v1") == ["suppressed"]


async def test_the_same_return_five_times_from_two_processes_counts_once(two_worlds: "tuple[World, World]") -> None:
    first, _ = two_worlds
    ana, mail = await sent(first)
    body = bounce(first, ana, "ses-1", mail)
    firsts = await asyncio.gather(*(world.returns.receive(body) for world in two_worlds * 3))
    assert sorted(firsts) == [False] * 5 + [True]
    assert [event["type"] for event in await first.published()] == ["email.sent.v1", "email.bounced.v1"]


async def test_without_its_tag_a_mail_is_known_by_the_mail_services_id(world: "World") -> None:
    ana, mail = await sent(world)
    await world.returns.receive(bounce(world, ana, "ses-1", None))
    assert [(row.id, row.status) for row in await world.mails()] == [(mail, "bounced")]


async def test_a_return_may_overtake_our_record(world: "World", capsys: pytest.CaptureFixture[str]) -> None:
    """SES is quicker than our commit: that the mail was sent is told all the same, once, and it is no repetition."""
    (ana,) = await world.intend()
    send = world.mailbox.send

    async def send_and_bounce(letter: Letter) -> str:
        id = await send(letter)
        await world.returns.receive(bounce(world, ana, id, letter.mail_id))
        return id

    world.mailbox.send = send_and_bounce  # type: ignore[method-assign]
    await world.send_all()
    assert [event["type"] for event in await world.published()] == ["email.sent.v1", "email.bounced.v1"]
    assert [(row.status, row.ses_message_id) for row in await world.mails()] == [("bounced", "ses-1")]
    written = capsys.readouterr().out
    assert ("mail recorded already" in written, "mail repeated" in written) == (True, False)


async def test_a_mail_of_somebody_else_is_passed_over(world: "World") -> None:
    await world.returns.receive(bounce(world, new_id(), "ses-of-the-pool", None))
    await world.returns.receive(bounce(world, new_id(), "ses-other", new_id()))
    assert await world.published() == []


async def test_the_greeting_of_ses_is_no_poison(world: "World") -> None:
    await world.returns.receive("Successfully validated SNS topic for Amazon SES event publishing.\n")
    assert await world.published() == []


@pytest.mark.parametrize(
    "body",
    ["", "{}", "[]", '{"eventType": "Bounce", "mail": {"messageId": "m"}}', '{"eventType": "Open", "mail": {}}'],
)
async def test_what_is_neither_goes_to_the_dead_letter_queue_and_is_not_quoted(world: "World", body: str) -> None:
    with pytest.raises(UnreadableEvent):
        await world.returns.receive(body)
    with pytest.raises(UnreadableEvent) as unreadable:
        await world.returns.receive(json.dumps({"eventType": "Bounce", "mail": "bo@people.example"}))
    assert "people.example" not in str(unreadable.value)


async def test_no_row_event_or_log_line_holds_the_address(world: "World", capsys: pytest.CaptureFixture[str]) -> None:
    ana, mail = await sent(world)
    await world.returns.receive(bounce(world, ana, "ses-1", mail))
    await tell_again(world, ana, "transaction.proposed.v1")
    async with world.database.read() as connection:
        rows = [
            str((await connection.execute(select(table))).all())
            for table in (tables.mails, tables.suppressions, tables.outbox)
        ]
    written = "\n".join([*rows, capsys.readouterr().out])
    assert ana in written
    assert "people.example" not in written.lower()
