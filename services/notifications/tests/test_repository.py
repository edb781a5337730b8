"""Claims, and whose word counts."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import IntegrityError

from skillsync_kit.database import UnitOfWork
from skillsync_notifications.entities import Mail

if TYPE_CHECKING:
    from tests.conftest import World

MakeMail = Callable[..., Mail]


async def add(world: "World", *mails: Mail) -> list[bool]:
    async def work(unit: UnitOfWork) -> list[bool]:
        return [await world.repository.add(unit, mail) for mail in mails]

    return await world.database.run(work)


async def claim(world: "World", limit: int = 10) -> list[Mail]:
    now = world.clock.now()

    async def work(unit: UnitOfWork) -> list[Mail]:
        until = now + timedelta(seconds=25)
        skip_locked = world.database.supports_skip_locked
        return await world.repository.claim(unit, limit=limit, now=now, until=until, skip_locked=skip_locked)

    return await world.database.run(work)


async def save(world: "World", mail: Mail) -> bool:
    async def work(unit: UnitOfWork) -> bool:
        return await world.repository.save(unit, mail)

    return await world.database.run(work)


async def test_what_is_kept_is_what_is_claimed(world: "World", a_mail: MakeMail) -> None:
    mail = a_mail(actor=a_mail().id, traceparent="00-x", correlation_id="flow")
    assert await add(world, mail) == [True]
    (claimed,) = await claim(world)
    assert claimed.attempts == 1
    mail.attempts, mail.claimed_until = 1, world.clock.now() + timedelta(seconds=25)
    assert claimed == mail


async def test_the_same_intent_is_kept_once(world: "World", a_mail: MakeMail) -> None:
    mail = a_mail()
    again = a_mail(event_id=mail.event_id, recipient=mail.recipient)
    assert await add(world, mail, again) == [True, False]
    assert len(await world.mails()) == 1


async def test_an_intent_that_breaks_another_rule_is_no_repetition(world: "World", a_mail: MakeMail) -> None:
    with pytest.raises(IntegrityError):
        await add(world, a_mail(subject=None))


async def test_two_claims_at_once_share_no_mail(two_worlds: "tuple[World, World]", a_mail: MakeMail) -> None:
    await add(two_worlds[0], *(a_mail() for _ in range(20)))
    taken = await asyncio.gather(*(claim(world, 5) for world in two_worlds * 3))
    ids = [mail.id for mails in taken for mail in mails]
    assert len(ids) == len(set(ids))
    rest = await claim(two_worlds[0], 20)
    assert len(ids) + len(rest) == 20


async def test_a_claim_lapses(world: "World", a_mail: MakeMail) -> None:
    await add(world, a_mail())
    assert len(await claim(world)) == 1
    world.clock.advance(seconds=25)
    assert await claim(world) == []
    world.clock.advance(seconds=1)
    assert [mail.attempts for mail in await claim(world)] == [2]


async def test_only_the_present_claim_may_put_off_drop_or_fail(world: "World", a_mail: MakeMail) -> None:
    await add(world, a_mail())
    (stale,) = await claim(world)
    world.clock.advance(seconds=26)
    (present,) = await claim(world)
    stale.fail("late")
    assert not await save(world, stale)
    present.put_off("soon", world.clock.now())
    assert await save(world, present)


async def test_that_it_was_sent_counts_whoever_says_it_and_once(world: "World", a_mail: MakeMail) -> None:
    await add(world, a_mail())
    (stale,) = await claim(world)
    world.clock.advance(seconds=26)
    (present,) = await claim(world)
    for mail in (stale, present):
        mail.send("ses", world.clock.now())
    assert [await save(world, stale), await save(world, present)] == [True, False]
