"""The sender's loop, and two senders at once."""

import asyncio
from typing import TYPE_CHECKING

import pytest

from skillsync_notifications.entities import Letter

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


async def test_it_has_five_mails_in_hand_at_most_and_sends_them_all(world: "World") -> None:
    await world.intend(12)
    assert await world.sender.take() == 5
    assert await world.sender.take() == 0
    await world.sender.finish()
    await world.send_all()
    assert len(world.mailbox.letters) == 12


async def test_a_stop_finishes_what_is_in_hand_and_takes_no_more(world: "World") -> None:
    await world.intend(7)
    stopping = asyncio.Event()

    def stop_at_the_first(_: Letter) -> None:
        stopping.set()

    world.mailbox.before = stop_at_the_first
    await asyncio.wait_for(world.sender.run(stopping), 10)
    assert len(world.mailbox.letters) == 5
    assert sorted(row.status for row in await world.mails()) == ["pending"] * 2 + ["sent"] * 5


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
