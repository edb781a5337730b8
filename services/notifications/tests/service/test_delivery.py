"""One mail's way to its fate: nothing lost, at most one mail more for a crash, and no trace of names or addresses."""

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import OperationalError

from skillsync_kit.errors import DependencyUnavailable, Unavailable
from skillsync_kit.ids import new_id
from skillsync_notifications.entities import Letter, Mail
from skillsync_notifications.errors import Refused

if TYPE_CHECKING:
    from tests.conftest import World


async def statuses(world: "World") -> list[str]:
    return [row.status for row in await world.mails()]


async def test_a_mail_is_written_sent_and_recorded(world: "World") -> None:
    (person,) = await world.intend()
    await world.send_all()
    (letter,) = world.mailbox.letters
    (row,) = await world.mails()
    assert (letter.mail_id, letter.address) == (row.id, world.members.address(person))
    assert letter.subject == "Receipt: Secret Title"
    assert (row.status, row.ses_message_id, row.sent_at) == ("sent", "ses-1", world.clock.now())
    assert [event["subject"] for event in await world.published()] == [row.id]


async def test_of_someone_who_is_gone_no_exchange_is_asked_for(world: "World") -> None:
    async def gone(_: str) -> None:
        return None

    world.members.contact = gone  # type: ignore[method-assign,assignment]
    world.exchanges.fault = AssertionError("asked")
    await world.intend()
    await world.send_all()
    assert await statuses(world) == ["dropped"]


async def test_a_welcome_asks_for_no_exchange(world: "World") -> None:
    world.exchanges.fault = AssertionError("asked")
    await world.receive(world.event("user.created.v1", subject=new_id(), data={}))
    await world.send_all()
    assert await statuses(world) == ["sent"]


async def test_a_crash_before_ses_has_it_loses_nothing(world: "World", crash: type[BaseException]) -> None:
    def die(_: Letter) -> None:
        raise crash

    world.mailbox.before = die
    await world.intend()
    await world.sender.take()
    await world.sender.finish()
    assert (world.mailbox.letters, await statuses(world)) == ([], ["pending"])
    world.mailbox.before = lambda _: None
    world.clock.advance(seconds=26)
    await world.send_all()
    assert (len(world.mailbox.letters), await statuses(world)) == (1, ["sent"])


async def test_a_crash_between_sending_and_record_sends_once_more(two_worlds: "tuple[World, World]") -> None:
    """With five mails in hand, the one at SES is repeated, and the four that waited behind it are not."""
    dying, surviving = two_worlds
    people = await dying.intend(5)
    at_ses = asyncio.Event()
    dying.mailbox.is_frozen, dying.mailbox.after = True, lambda _: at_ses.set()
    await dying.sender.take()
    await asyncio.wait_for(at_ses.wait(), 10)
    # The whole process ends here.
    in_hand = set(dying.sender._in_hand)
    for task in in_hand:
        task.cancel()
    await dying.sender.finish()
    assert (len(in_hand), sent_by_the_dead := len(dying.mailbox.letters)) == (5, 1)

    surviving.mailbox.is_frozen = False
    await surviving.send_all()
    assert len(surviving.mailbox.letters) == sent_by_the_dead, "nobody takes up a mail before its claim has lapsed"
    surviving.clock.advance(seconds=26)
    await surviving.send_all()
    assert len(surviving.mailbox.letters) == 5 + 1
    assert set(surviving.mailbox.addresses) == {surviving.members.address(person) for person in people}
    assert [(row.status, row.attempts) for row in await surviving.mails()] == [("sent", 2)] * 5
    assert len(await surviving.published()) == 5


async def test_a_mail_at_ses_is_recorded_before_the_next_one_goes(world: "World") -> None:
    """What the limit of one mail a crash rests on."""
    unrecorded: set[str] = set()
    most = 0

    def note(letter: Letter) -> None:
        nonlocal most
        unrecorded.add(letter.mail_id)
        most = max(most, len(unrecorded))

    save = world.repository.save

    async def note_record(unit: object, mail: object) -> bool:
        saved = await save(unit, mail)  # type: ignore[arg-type]
        unrecorded.discard(mail.id)  # type: ignore[attr-defined]
        return saved

    world.mailbox.after = note
    world.repository.save = note_record  # type: ignore[method-assign]
    await world.intend(10)
    await world.send_all()
    assert (len(world.mailbox.letters), most) == (10, 1)


async def test_a_record_that_fails_is_tried_again_and_the_mail_is_not(
    world: "World", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skillsync_notifications.service.delivery._RECORD_PAUSE_SECONDS", 0)
    save = world.repository.save
    errors: list[Exception] = [
        Unavailable(),
        OperationalError("UPDATE", {}, Exception("gone away")),
        ConnectionError(),
    ]

    async def fail_first(*arguments: object) -> bool:
        if errors:
            raise errors.pop()
        return await save(*arguments)  # type: ignore[arg-type]

    world.repository.save = fail_first  # type: ignore[method-assign,assignment]
    await world.intend()
    await world.send_all()
    assert errors == []
    assert (len(world.mailbox.letters), await statuses(world)) == (1, ["sent"])
    assert len(await world.published()) == 1


@pytest.mark.parametrize(("gone", "reason"), [("members", "recipient"), ("exchanges", "transaction")])
async def test_what_is_gone_is_told_to_nobody(world: "World", gone: str, reason: str) -> None:
    (person,) = await world.intend()
    (row,) = await world.mails()
    getattr(world, gone).gone |= {person, row.subject}
    await world.send_all()
    (row,) = await world.mails()
    assert (row.status, row.last_error) == ("dropped", f"the {reason} is gone")
    assert (world.mailbox.letters, await world.published()) == ([], [])


async def test_while_users_is_away_mails_wait_and_none_is_lost(world: "World") -> None:
    world.members.is_away = True
    people = await world.intend(7)
    for _ in range(4):
        await world.send_all()
        world.clock.advance(seconds=20)
    assert world.mailbox.letters == []
    assert {(row.status, row.attempts, row.last_error) for row in await world.mails()} == {
        ("pending", 4, "The users service does not answer.")
    }
    world.members.is_away = False
    await world.send_all()
    assert world.mailbox.addresses == sorted(world.members.address(person) for person in people)
    assert await statuses(world) == ["sent"] * 7


async def test_a_mail_is_not_tried_again_before_its_time(world: "World") -> None:
    world.members.is_away = True
    await world.intend()
    await world.send_all()
    await world.send_all()
    assert [row.attempts for row in await world.mails()] == [1]


async def test_ses_away_is_waited_for_and_ses_refusing_is_an_end(world: "World") -> None:
    faults: dict[str, Exception] = {}

    def fail(letter: Letter) -> None:
        if letter.address in faults:
            raise faults.pop(letter.address)

    slow, bad, good = await world.intend(3)
    faults[world.members.address(slow)] = DependencyUnavailable("SES: TooManyRequestsException")
    faults[world.members.address(bad)] = Refused("SES: BadRequestException")
    world.mailbox.before = fail
    await world.send_all()
    by_person = {row.recipient: (row.status, row.last_error) for row in await world.mails()}
    assert by_person == {
        slow: ("pending", "SES: TooManyRequestsException"),
        bad: ("failed", "SES: BadRequestException"),
        good: ("sent", None),
    }
    world.clock.advance(seconds=5)
    await world.send_all()
    assert sorted(await statuses(world)) == ["failed", "sent", "sent"]


async def test_an_attempt_has_an_end(world: "World", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skillsync_notifications.service.delivery._ATTEMPT_SECONDS", 0.01)

    async def never(user: str) -> object:
        return await asyncio.Event().wait()

    world.members.contact = never  # type: ignore[method-assign,assignment]
    await world.intend()
    await asyncio.wait_for(world.send_all(), 5)
    assert [(row.status, row.last_error) for row in await world.mails()] == [("pending", "the attempt took too long")]


async def test_a_mistake_of_ours_harms_one_mail(world: "World") -> None:
    broken, fine = await world.intend(2)
    exchange = world.exchanges.exchange

    async def fail_for_one(id: str, viewer: str) -> object:
        if viewer == broken:
            raise ValueError("Secret Title of Secret Name")
        return await exchange(id, viewer)

    world.exchanges.exchange = fail_for_one  # type: ignore[method-assign,assignment]
    await world.send_all()
    assert {row.recipient: (row.status, row.last_error) for row in await world.mails()} == {
        broken: ("pending", "ValueError"),
        fine: ("sent", None),
    }


async def test_names_addresses_and_texts_are_in_no_row_and_in_no_log_line(
    world: "World", capsys: pytest.CaptureFixture[str]
) -> None:
    people = await world.intend(3)
    world.exchanges.fault = ValueError("Secret Title of Secret Name")
    await world.send_all()
    world.exchanges.fault = DependencyUnavailable("The transactions service does not answer.")
    world.clock.advance(seconds=5)
    await world.send_all()
    world.exchanges.fault = None
    world.clock.advance(seconds=5)
    await world.send_all()
    assert await statuses(world) == ["sent"] * 3

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    told = {line["event"] for line in lines}
    assert {"mail sent", "mail put off", "mail attempt failed", "event handled"} <= told
    kept = [str(row) for row in await world.mails()] + [json.dumps(event) for event in await world.published()]
    written = "\n".join([*kept, *(json.dumps(line) for line in lines)])
    assert "Secret" not in written
    assert "people.example" not in written
    assert all(person in "\n".join(kept) for person in people)


async def test_a_repetition_is_counted_in_the_log(world: "World", capsys: pytest.CaptureFixture[str]) -> None:
    """A claim lapsed while SES was slow, another sender was faster, and both have sent."""
    await world.intend()
    await world.sender.take()
    (task,) = world.sender._in_hand
    original = world.repository.save

    async def too_late(unit: object, mail: Mail) -> bool:
        await original(unit, replace(mail, ses_message_id="ses-of-another"))  # type: ignore[arg-type]
        return await original(unit, mail)  # type: ignore[arg-type]

    world.repository.save = too_late  # type: ignore[method-assign]
    await task
    events = [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()]
    assert "mail repeated" in events
    assert await world.published() == []
