"""Read models built anew on a running system by `skillsync replay`."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from skillsync_testing.member import Member
from skillsync_testing.system import System, eventually

Sql = Callable[[str, str], None]


@pytest.fixture
def by_hand(system: System) -> Sql:
    """Runs a statement in a service's database, as somebody with a database client would."""

    async def execute(service: str, statement: str) -> None:
        environment = json.loads((system.state_directory / "jobs.json").read_text())[service]
        engine = create_async_engine(environment["SKILLSYNC_DATABASE_URL"])
        async with engine.begin() as connection:
            assert (await connection.execute(text(statement))).rowcount == 1
        await engine.dispose()

    return lambda service, statement: asyncio.run(execute(service, statement))


def replayed(system: System, consumer: str, *options: str) -> tuple[int, dict[str, Any]]:
    """The exit status, and what was compared."""
    done = system.command("replay", consumer, "--json", *options)
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, found


def reconciled(system: System) -> tuple[int, dict[str, Any]]:
    """The exit status of `skillsync reconcile`, and its report."""
    done = system.command("reconcile", "--json")
    assert done.stdout, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, report


def counted(member: Member) -> list[int]:
    return [member.get(path).json()["finalized"] for path in (f"/users/{member.id}/stats", "/analytics/me")]


def mails(system: System, *members: Member) -> int:
    """How many they got: for a sign-up and an exchange three each."""
    return sum(len(system.mails_to(member.email)) for member in members)


@pytest.mark.parametrize(("consumer", "table"), [("analytics", "member_exchanges"), ("users", "user_statistics")])
def test_a_damaged_row_is_named_and_repaired(system: System, by_hand: Sql, consumer: str, table: str) -> None:
    ana, bo = system.member("Ana").make_profile(), system.member("Bo").make_profile()
    ana.finalized_exchange_with(bo)
    for member in (ana, bo):
        eventually(lambda who=member: counted(who) == [1, 1], what="the exchange is counted")  # type: ignore[misc]
    eventually(system.queues_are_empty, what="all queues are empty")
    eventually(lambda: mails(system, ana, bo) == 6, what="the mails")
    # Others who use this system make events up, which no producer exports: what they left is given up first.
    assert replayed(system, consumer, "--afresh", "--apply")[0] == 0
    shown = system.command("replay", consumer)
    assert (shown.returncode, "Both are equal" in shown.stdout) == (0, True), shown.stdout + shown.stderr

    if consumer == "analytics":
        assert reconciled(system)[0] == 0

    by_hand(consumer, f"UPDATE {table} SET minutes_given = 7 WHERE user_id = '{ana.id}'")  # noqa: S608 - ours
    shown = system.command("replay", consumer)
    assert shown.returncode == 4
    assert ana.id in shown.stdout
    assert f"skillsync replay {consumer} --apply" in shown.stdout

    if consumer == "analytics":
        status, report = reconciled(system)
        (named,) = report["differences"]
        assert (status, named["what"]) == (3, "minutes given, by member")
        assert (named["ledger"] - named["analytics"], report["is_equal"]) == (60 - 7, False)

    status, found = replayed(system, consumer, "--apply")
    assert (status, found["is_equal"], found["is_applied"]) == (0, False, True)
    (difference,) = found["differences"]
    assert (difference["table"], difference["key"]["user_id"]) == (table, ana.id)
    assert (difference["live"]["minutes_given"], difference["rebuilt"]["minutes_given"]) == (7, 60)
    status, found = replayed(system, consumer)
    assert (status, found["is_equal"], found["differences"]) == (0, True, [])
    if consumer == "analytics":
        assert reconciled(system)[0] == 0
    assert [counted(member) for member in (ana, bo)] == [[1, 1], [1, 1]]
    assert ana.get(f"/users/{ana.id}/stats").json()["minutes_given"] == 60
    eventually(system.queues_are_empty, what="all queues are empty")
    assert mails(system, ana, bo) == 6


def test_a_window_that_is_sent_once_more_repeats_nothing(system: System) -> None:
    since = datetime.now(UTC).isoformat()
    ana, bo = system.member("Ana").make_profile(), system.member("Bo").make_profile()
    ana.finalized_exchange_with(bo)
    eventually(lambda: counted(ana) == [1, 1], what="the exchange is counted")
    eventually(lambda: mails(system, ana, bo) == 6, what="the mails")
    eventually(system.queues_are_empty, what="all queues are empty")
    with system.subscribed_queue() as received:
        done = system.command("replay", "--republish", "--from", since, "--json")
        assert done.returncode == 0, done.stderr
        counts = json.loads(done.stdout)["republished"]
        assert counts["transactions"] >= 3
        eventually(lambda: len(received()) >= sum(counts.values()), what="they are sent once more")
        assert {ana.id, bo.id} <= {event["subject"] for event in received()}
    # An exchange after the repetitions: when it is counted, so were they.
    bo.finalized_exchange_with(ana)
    eventually(lambda: counted(ana) == [2, 2], what="the second exchange is counted")
    eventually(system.queues_are_empty, what="all queues are empty")
    assert counted(bo) == [2, 2]
    # Welcomes, and for each exchange a proposal, its acceptance and two receipts.
    eventually(lambda: mails(system, ana, bo) == 10, what="the mails of the second exchange")
