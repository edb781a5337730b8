"""The sender's loop, and two senders at once."""

import asyncio
from typing import TYPE_CHECKING

import pytest

from skillsync_notifications.entities import Letter
from skillsync_notifications.errors import Refused

if TYPE_CHECKING:
    from tests.conftest import World


def when_there_are(letters: int, world: "World") -> asyncio.Event:
    """Set as soon as the mailbox has that many letters."""
    arrived = asyncio.Event()

    def look(_: Letter) -> None:
        if len(world.mailbox.letters) >= letters:
            arrived.set()

    world.mailbox.after = look
    return arrived


async def stop(world: "World", stopping: asyncio.Event, loop: "asyncio.Task[None]") -> None:
    stopping.set()
    await asyncio.wait_for(loop, 10)


async def test_two_senders_at_once_send_each_mail_once(two_worlds: "tuple[World, World]") -> None:
    people = await two_worlds[0].intend(30)
    stopping, arrived = asyncio.Event(), when_there_are(30, two_worlds[0])
    loops = [asyncio.create_task(world.sender.run(stopping)) for world in two_worlds]
    await asyncio.wait_for(arrived.wait(), 20)
    for world, loop in zip(two_worlds, loops, strict=True):
        await stop(world, stopping, loop)
    assert two_worlds[0].mailbox.addresses == sorted(world.members.address(person) for person in people)
    assert [(row.status, row.attempts) for row in await world.mails()] == [("sent", 1)] * 30
    assert len(await world.published()) == 30


async def test_it_is_woken_by_a_new_intent(world: "World", monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_SHORTEST_POLL_SECONDS", "_LONGEST_POLL_SECONDS"):
        monkeypatch.setattr(f"skillsync_notifications.service.sender.{name}", 3600)
    stopping, arrived, looked = asyncio.Event(), when_there_are(1, world), asyncio.Event()
    take = world.sender.take

    async def noted() -> int:
        taken = await take()
        looked.set()
        return taken

    world.sender.take = noted  # type: ignore[method-assign]
    loop = asyncio.create_task(world.sender.run(stopping))
    # It has found nothing, and would look again in an hour.
    await asyncio.wait_for(looked.wait(), 10)
    await world.intend()
    world.sender.wake()
    await asyncio.wait_for(arrived.wait(), 10)
    await stop(world, stopping, loop)


async def test_it_finds_what_another_process_left_behind(world: "World") -> None:
    stopping, arrived = asyncio.Event(), when_there_are(1, world)
    loop = asyncio.create_task(world.sender.run(stopping))
    await world.intend()
    await asyncio.wait_for(arrived.wait(), 5)
    await stop(world, stopping, loop)


async def test_it_has_twelve_mails_in_hand_at_most_and_sends_them_all(world: "World") -> None:
    await world.intend(20)
    assert await world.sender.take() == 12
    assert await world.sender.take() == 0
    await world.sender.finish()
    await world.send_all()
    assert len(world.mailbox.letters) == 20


async def test_a_stop_finishes_what_is_in_hand_and_takes_no_more(world: "World") -> None:
    await world.intend(15)
    stopping = asyncio.Event()

    def stop_at_the_first(_: Letter) -> None:
        stopping.set()

    world.mailbox.before = stop_at_the_first
    await asyncio.wait_for(world.sender.run(stopping), 10)
    assert len(world.mailbox.letters) == 12
    assert sorted(row.status for row in await world.mails()) == ["pending"] * 3 + ["sent"] * 12


async def test_it_outlives_a_database_that_is_away(world: "World") -> None:
    claim, failures = world.repository.claim, 2

    async def fail_twice(*arguments: object, **options: object) -> object:
        nonlocal failures
        if failures:
            failures -= 1
            raise ConnectionError
        return await claim(*arguments, **options)  # type: ignore[arg-type]

    world.repository.claim = fail_twice  # type: ignore[method-assign,assignment]
    await world.intend()
    stopping, arrived = asyncio.Event(), when_there_are(1, world)
    loop = asyncio.create_task(world.sender.run(stopping))
    await asyncio.wait_for(arrived.wait(), 5)
    await stop(world, stopping, loop)
    assert failures == 0


async def test_no_more_leave_than_the_account_may_send(world: "World") -> None:
    world.limit.rate = 4
    await world.intend(11)
    sent = []
    for _ in range(4):
        await world.send_all()
        sent.append(len(world.mailbox.letters))
        world.clock.advance(seconds=1)
    assert sent == [4, 8, 11, 11]
    # None was claimed that could not be sent.
    assert {row.attempts for row in await world.mails()} == {1}


async def test_a_rate_below_one_a_second_sends_one_now_and_then(world: "World") -> None:
    world.limit.rate = 0.5
    await world.intend(3)
    sent = []
    for _ in range(5):
        await world.send_all()
        sent.append(len(world.mailbox.letters))
        world.clock.advance(seconds=1)
    assert sent == [1, 1, 2, 2, 3]


async def test_what_is_not_sent_uses_nothing_up(world: "World") -> None:
    world.limit.rate = 2
    gone = await world.intend(30)
    world.members.gone |= set(gone)
    await world.intend(2)
    await world.send_all()
    assert sorted(row.status for row in await world.mails()) == ["dropped"] * 30 + ["sent"] * 2


async def test_a_refused_mail_counts_towards_the_rate(world: "World") -> None:
    def refuse(_: Letter) -> None:
        raise Refused("SES: BadRequestException")

    world.limit.rate, world.mailbox.before = 2, refuse
    await world.intend(5)
    await world.send_all()
    assert [row.status for row in await world.mails()].count("failed") == 2


async def test_while_the_limit_is_not_known_one_a_second_leaves_and_a_known_one_holds(world: "World") -> None:
    world.limit.is_away = True
    await world.intend(40)
    await world.send_all()
    assert len(world.mailbox.letters) == 1
    world.limit.is_away = False
    world.clock.advance(seconds=31)
    world.limit.rate = 5
    await world.send_all()
    assert len(world.mailbox.letters) <= 1 + 5
    world.limit.is_away = True
    world.clock.advance(seconds=601)
    before = len(world.mailbox.letters)
    await world.send_all()
    assert len(world.mailbox.letters) == before + 5
    assert world.limit.asked == 3


async def test_a_backlog_is_claimed_by_handfuls(world: "World") -> None:
    """A transaction for each mail would be the most of the work."""
    claim, claims = world.repository.claim, 0

    async def counted(*arguments: object, **options: object) -> object:
        nonlocal claims
        claims += 1
        return await claim(*arguments, **options)  # type: ignore[arg-type]

    world.repository.claim = counted  # type: ignore[method-assign,assignment]
    people = await world.intend(60)
    world.members.gone |= set(people)
    stopping = asyncio.Event()
    save, done = world.repository.save, 0

    async def saved(*arguments: object) -> bool:
        nonlocal done
        done += 1
        if done == 60:
            stopping.set()
        return await save(*arguments)  # type: ignore[arg-type]

    world.repository.save = saved  # type: ignore[method-assign,assignment]
    await asyncio.wait_for(world.sender.run(stopping), 20)
    assert {row.status for row in await world.mails()} == {"dropped"}
    assert claims <= 60 // 6 + 2
