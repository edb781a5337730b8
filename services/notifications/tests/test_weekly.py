"""Weekly mails: on Monday at eight where their reader lives, one a person and week."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from skillsync_kit.ids import new_id
from skillsync_notifications.entities import Hours, Template, WeeklyMail

from .test_reminders import told, words

if TYPE_CHECKING:
    from tests.conftest import World

__all__ = ["words"]

DAY = 86_400
TUESDAY = datetime(2030, 1, 1, 12, tzinfo=UTC)


def weeks(time_zone: str, moments: list[datetime]) -> list[bool]:
    weekly = WeeklyMail("u", Template.WEEKLY_DIGEST, None, TUESDAY)
    return [weekly.look(moment, time_zone)[0] for moment in moments]


@pytest.mark.parametrize(
    ("time_zone", "at"),
    [
        ("UTC", datetime(2030, 1, 7, 8, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2030, 1, 7, 7, tzinfo=UTC)),
        ("Pacific/Auckland", datetime(2030, 1, 6, 19, tzinfo=UTC)),
        ("America/Los_Angeles", datetime(2030, 1, 7, 16, tzinfo=UTC)),
        ("Nowhere/Land", datetime(2030, 1, 7, 8, tzinfo=UTC)),
    ],
)
def test_it_is_monday_at_eight_there(time_zone: str, at: datetime) -> None:
    weekly = WeeklyMail("u", Template.WEEKLY_DIGEST, None, TUESDAY)
    assert weekly.look(TUESDAY, time_zone) == (False, at)
    assert weekly.look(at - timedelta(seconds=1), time_zone) == (False, at)
    is_due, again_at = weekly.look(at, time_zone)
    assert (is_due, weekly.week) == (True, "2030-W02")
    assert again_at == at + timedelta(days=7)
    assert weekly.look(at + timedelta(hours=1), time_zone) == (False, again_at)


def test_summer_time_moves_it_by_an_hour() -> None:
    weekly = WeeklyMail("u", Template.WEEKLY_DIGEST, None, TUESDAY)
    _, before = weekly.look(datetime(2030, 3, 20, tzinfo=UTC), "Europe/Berlin")
    _, after = weekly.look(before, "Europe/Berlin")
    assert (before.hour, after - before) == (7, timedelta(days=7) - timedelta(hours=1)) or (
        (before.hour, after.hour) == (7, 6)
    )


def test_what_is_late_by_more_than_a_day_is_left_out() -> None:
    monday = datetime(2030, 1, 7, 8, tzinfo=UTC)
    assert weeks("UTC", [TUESDAY, monday + timedelta(hours=23)]) == [False, True]
    assert weeks("UTC", [TUESDAY, monday + timedelta(hours=25)]) == [False, False]


@pytest.mark.parametrize(("late", "weeks_later"), [(timedelta(0), 1), (timedelta(days=6), 1), (timedelta(days=7), 2)])
def test_what_nobody_wants_is_passed_over_by_whole_weeks(late: timedelta, weeks_later: int) -> None:
    weekly = WeeklyMail("u", Template.WEEKLY_DIGEST, "2030-W01", TUESDAY)
    assert weekly.pass_over(TUESDAY + late) == TUESDAY + timedelta(weeks=weeks_later)


async def test_a_member_for_whom_something_waits_gets_one_digest_a_week(world: "World") -> None:
    bo, ana = new_id(), new_id()
    await world.receive(world.event("user.created.v1", subject=bo, data={}))
    await world.weekly.turn()
    event = told(world, "proposed", ana, bo, days=40)
    world.exchanges.changes[event.subject] = {"state": "proposed", "terms_rev": 1, "names": {ana: "Ana", bo: "Bo"}}
    await world.receive(event)
    await world.send_all()
    world.written.clear()
    world.exchanges.accounts[bo] = Hours(balance=150, minutes_given=90, minutes_received=60)
    for _ in range(14 * 4):
        world.clock.advance(seconds=DAY / 4)
        await world.weekly.turn()
        await world.send_all()
    assert [template for template, _ in world.written] == ["weekly-digest"] * 2
    digest = world.written[0][1]
    assert [(listed.title, listed.partners) for listed in digest.to_answer] == [("Secret Title", ("Ana",))]
    assert (digest.minutes_given, digest.minutes_received, digest.balance_minutes) == (90, 60, 150)
    # It repeats the inbox, and does not stand in it.
    items = (await world.get("/v1/notifications", bo)).json()["items"]
    assert {item["template"] for item in items} == {"welcome", "proposal-received"}


async def test_where_nothing_waits_nothing_is_sent(world: "World") -> None:
    bo = new_id()
    await world.receive(world.event("user.created.v1", subject=bo, data={}))
    for _ in range(8):
        await world.weekly.turn()
        world.clock.advance(seconds=DAY)
    await world.send_all()
    digests = [row for row in await world.mails() if row.template == "weekly-digest"]
    assert [(row.status, row.last_error) for row in digests] == [("dropped", "nothing waits")]


async def test_who_does_not_want_it_is_looked_at_and_nobody_is_asked(world: "World") -> None:
    bo = new_id()
    await world.receive(world.event("user.created.v1", subject=bo, data={}))
    await world.weekly.turn()
    switches = (await world.get("/v1/notifications/preferences", bo)).json()
    switched_off = {**switches, "digest": {"inbox": False, "mail": False}}
    await world.send("PUT", "/v1/notifications/preferences", bo, switched_off, If_Match="*")
    world.members.is_away = True
    for days in (6, 7):
        world.clock.advance(seconds=days * DAY)
        assert (await world.weekly.turn(), await world.weekly.turn()) == (1, 0)
    assert [row for row in await world.mails() if row.template == "weekly-digest"] == []
    # Switched on again, the next Monday brings it.
    world.members.is_away = False
    await world.send("PUT", "/v1/notifications/preferences", bo, switches, If_Match="*")
    world.clock.advance(seconds=7 * DAY)
    assert await world.weekly.turn() == 1
    assert len([row for row in await world.mails() if row.template == "weekly-digest"]) == 1


async def test_hours_that_moved_are_worth_a_digest(world: "World") -> None:
    bo = new_id()
    await world.receive(world.event("user.created.v1", subject=bo, data={}))
    world.exchanges.accounts[bo] = Hours(balance=-60, minutes_received=60)
    for _ in range(8):
        await world.weekly.turn()
        world.clock.advance(seconds=DAY)
    await world.send_all()
    assert "  Received: 1 hr\n  Balance: -1 hr\n" in world.mailbox.letters[-1].text


async def test_two_schedulers_at_once_make_one_digest(two_worlds: "tuple[World, World]") -> None:
    first, _ = two_worlds
    for _ in range(30):
        await first.receive(first.event("user.created.v1", subject=new_id(), data={}))
    for days in (0, 7):
        first.clock.advance(seconds=days * DAY)
        while sum(await asyncio.gather(*(world.weekly.turn() for world in two_worlds))):
            pass
        first.clock.advance(seconds=-(DAY) if days == 0 else 0)
    assert len([row for row in await first.mails() if row.template == "weekly-digest"]) == 30


async def test_a_member_who_is_gone_has_no_weeks(world: "World") -> None:
    bo = new_id()
    await world.receive(world.event("user.created.v1", subject=bo, data={}))
    world.members.gone.add(bo)
    assert await world.weekly.turn() == 1
    world.clock.advance(seconds=30 * DAY)
    assert await world.weekly.turn() == 0


async def test_an_absent_users_service_is_waited_for(world: "World") -> None:
    await world.receive(world.event("user.created.v1", subject=new_id(), data={}))
    world.members.is_away = True
    assert (await world.weekly.turn(), await world.weekly.turn()) == (1, 0)
    world.members.is_away = False
    world.clock.advance(seconds=301)
    assert (await world.weekly.turn(), await world.weekly.turn()) == (1, 0)


async def test_coordinators_get_a_brief_while_they_are_in_the_group(world: "World") -> None:
    edo, fay = new_id(), new_id()
    world.coordinators.them = {edo, fay}
    await world.weekly.turn()
    for _ in range(8):
        world.clock.advance(seconds=DAY)
        await world.weekly.turn()
    await world.send_all()
    briefs = [(row.recipient, row.status) for row in await world.mails() if row.template == "coordinators-brief"]
    assert sorted(briefs) == sorted([(edo, "sent"), (fay, "sent")])
    assert set(world.figures.asked) == {date(2029, 12, 31)}
    assert "  Exchanges that took place: 3\n" in world.mailbox.letters[-1].text
    assert "from December 31, 2029 until January 6, 2030" in " ".join(world.mailbox.letters[-1].text.split())
    world.coordinators.them = {edo}
    for _ in range(7):
        world.clock.advance(seconds=DAY)
        await world.weekly.turn()
    again = [row.recipient for row in await world.mails() if row.template == "coordinators-brief"]
    assert sorted(again) == sorted([edo, edo, fay])


async def test_an_absent_user_pool_harms_no_digest(world: "World") -> None:
    world.coordinators.is_away = True
    await world.receive(world.event("user.created.v1", subject=new_id(), data={}))
    assert await world.weekly.turn() == 1
