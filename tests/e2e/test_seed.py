"""A small community plays three weeks of the past in a running system."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import create_async_engine

from skillsync_testing.system import System, eventually

SEED, PEOPLE, WEEKS = 31, 8, 3
COMMUNITY = ("seed", "--people", str(PEOPLE), "--weeks", str(WEEKS), "--seed", str(SEED))


@pytest.fixture(scope="module")
def played(system: System) -> Any:
    """What the command told; the seed is used up by that."""
    done = system.command(*COMMUNITY, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def midnight() -> datetime:
    """The one after the last day that is played; asked for beside `played`, once a day has not changed between."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def rows(system: System, service: str, statement: str, ids: Sequence[str]) -> list[tuple[Any, ...]]:
    """Read off a service's own database what concerns these people: `:ids` in the statement."""
    url = json.loads((system.state_directory / "jobs.json").read_text())[service]["SKILLSYNC_DATABASE_URL"]

    asked = text(statement).bindparams(bindparam("ids", expanding=True))

    async def read() -> list[tuple[Any, ...]]:
        engine = create_async_engine(url)
        try:
            async with engine.connect() as connection:
                return [tuple(row) for row in await connection.execute(asked, {"ids": ids})]
        finally:
            await engine.dispose()

    return asyncio.run(read())


@pytest.fixture(scope="module")
def ids(system: System, played: Any) -> list[str]:
    """Of those who joined: of all who are at the pool, told by their addresses."""
    pool: Any = system.aws("cognito-idp")
    pages = pool.get_paginator("list_users").paginate(UserPoolId=system.status["user_pool_id"])
    people = [
        {attribute["Name"]: attribute["Value"] for attribute in user["Attributes"]}
        for page in pages
        for user in page["Users"]
    ]
    found = [person["sub"] for person in people if person["email"].endswith(f"+{SEED}@people.skillsync.example")]
    assert len(found) == PEOPLE
    return found


def moment(value: Any) -> datetime:
    """A time as either database gives it."""
    read = datetime.fromisoformat(value) if isinstance(value, str) else value
    return read.replace(tzinfo=UTC)


def test_it_goes_as_planned(played: Any) -> None:
    exchanges = played["exchanges"]
    assert (played["people"], played["weeks"]) == (PEOPLE, WEEKS)
    # So few have few hours to give.
    assert set(played["refusals"]) <= {"not-enough-hours"}
    assert exchanges["finalized"] >= 3
    assert sum(exchanges.values()) >= 10
    assert played["hours"] > 0


def test_everything_finalized_is_so_in_the_ledger_and_in_the_figures(system: System, played: Any, ids: Any) -> None:
    states = rows(
        system, "transactions", "SELECT state, count(*) FROM transactions WHERE author IN :ids GROUP BY state", ids
    )
    assert dict(states) == {state: count for state, count in played["exchanges"].items() if count}
    posted = rows(
        system, "transactions", "SELECT sum(minutes) FROM ledger_entries WHERE account IN :ids AND minutes > 0", ids
    )
    assert int(posted[0][0]) == played["hours"] * 60
    counted = rows(
        system, "analytics", "SELECT count(DISTINCT transaction_id) FROM member_exchanges WHERE user_id IN :ids", ids
    )
    assert counted == [(played["exchanges"]["finalized"],)]


def test_it_all_lies_in_the_weeks_that_were_played(system: System, ids: Any, midnight: datetime) -> None:
    start = midnight - timedelta(weeks=WEEKS)
    made = rows(
        system, "transactions", "SELECT min(created_at), max(updated_at) FROM transactions WHERE author IN :ids", ids
    )
    assert start <= moment(made[0][0]) < moment(made[0][1]) < midnight
    finalized = rows(system, "analytics", "SELECT finalized_at FROM member_exchanges WHERE user_id IN :ids", ids)
    assert all(start < moment(at) < midnight for (at,) in finalized)
    assert len({moment(at).date() for (at,) in finalized}) >= 2
    joined = rows(system, "users", "SELECT created_at FROM users WHERE id IN :ids", ids)
    assert all(start <= moment(at) < midnight for (at,) in joined)


def test_mails_leave_once_each_and_in_the_real_world(system: System, ids: Any, midnight: datetime) -> None:
    def all_done() -> list[tuple[Any, ...]]:
        query = "SELECT status, sent_at, attempts FROM mails WHERE recipient IN :ids"
        found = rows(system, "notifications", query, ids)
        return found if found and all(status != "pending" for status, _, _ in found) else []

    mails = eventually(all_done, what="every mail has its fate")
    # Only those who are named as readers want more than what is required.
    assert {"sent", "unwanted"} <= {status for status, _, _ in mails} <= {"sent", "unwanted", "dropped"}
    sent = [moment(sent_at) for status, sent_at, _ in mails if status == "sent"]
    assert len(sent) >= PEOPLE
    assert {attempts for _, _, attempts in mails} == {1}, "a claim lapsed when the clock was moved"
    assert all(at >= midnight for at in sent)


def test_a_reader_can_log_in_as_those_it_names(system: System, played: Any) -> None:
    pool: Any = system.aws("cognito-idp")
    for login, groups in zip(played["logins"], ([], ["coordinator"]), strict=True):
        token = pool.initiate_auth(
            ClientId=system.status["client_id"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": login["email"], "PASSWORD": login["password"]},
        )["AuthenticationResult"]["AccessToken"]
        me = httpx2.get(f"{system.status['api']}/users/me", headers={"Authorization": f"Bearer {token}"})
        assert (me.status_code, me.json()["email"]) == (200, login["email"])
        told = pool.admin_list_groups_for_user(UserPoolId=system.status["user_pool_id"], Username=login["email"])
        assert [group["GroupName"] for group in told["Groups"]] == groups


def test_afterwards_the_clock_shows_the_real_time(system: System, played: Any) -> None:
    assert not (system.state_directory / "clock").exists()
    made = system.member("Now")
    answer = made.post("/users", {"first_name": "Now", "last_name": "Testperson"})
    age = datetime.now(UTC) - datetime.fromisoformat(answer.json()["created_at"])
    assert timedelta(0) <= age < timedelta(minutes=1)


def test_the_same_seed_is_refused_a_second_time(system: System, played: Any) -> None:
    again = system.command(*COMMUNITY)
    assert again.returncode == 1
    assert "A community of seed 31 is here already" in again.stderr
    assert len(again.stderr.splitlines()) == 1


def test_one_that_is_stopped_puts_the_clock_back(system: System) -> None:
    clock = system.state_directory / "clock"
    with system.started("seed", "--people", "200", "--weeks", "52", "--seed", "32") as playing:
        eventually(clock.exists, what="the clock is moved")
        other = system.command("seed", "--seed", "33")
        assert "Another `skillsync seed` plays here" in other.stderr
        playing.terminate()
        assert playing.wait(30) == 130
    assert not clock.exists()
