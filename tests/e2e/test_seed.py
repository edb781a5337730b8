"""A small community plays three weeks of the past in a running system."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import text
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


def rows(system: System, service: str, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """Read off a service's own database."""
    url = json.loads((system.state_directory / "jobs.json").read_text())[service]["SKILLSYNC_DATABASE_URL"]

    async def read() -> list[tuple[Any, ...]]:
        engine = create_async_engine(url)
        try:
            async with engine.connect() as connection:
                return [tuple(row) for row in await connection.execute(text(statement), values)]
        finally:
            await engine.dispose()

    return asyncio.run(read())


def community(system: System) -> str:
    """The ids of those who joined, as SQL has a list of texts."""
    found = rows(system, "users", "SELECT id FROM users WHERE email LIKE :of", of=f"%+{SEED}@people.skillsync.example")
    assert len(found) == PEOPLE
    return ", ".join(f"'{id}'" for (id,) in found)


def moment(value: Any) -> datetime:
    """A time as either database gives it."""
    read = datetime.fromisoformat(value) if isinstance(value, str) else value
    return read.replace(tzinfo=UTC)


def test_it_goes_as_planned(played: Any) -> None:
    exchanges = played["exchanges"]
    assert (played["people"], played["weeks"], played["refusals"]) == (PEOPLE, WEEKS, {})
    assert exchanges["finalized"] >= 3
    assert sum(exchanges.values()) >= 10
    assert played["hours"] > 0


def test_everything_finalized_is_so_in_the_ledger_and_in_the_figures(system: System, played: Any) -> None:
    ids = community(system)
    states = dict(
        rows(system, "transactions", f"SELECT state, count(*) FROM transactions WHERE author IN ({ids}) GROUP BY state")
    )
    assert states == {state: count for state, count in played["exchanges"].items() if count}
    posted = rows(
        system, "transactions", f"SELECT sum(minutes) FROM ledger_entries WHERE account IN ({ids}) AND minutes > 0"
    )
    assert int(posted[0][0]) == played["hours"] * 60
    counted = rows(
        system, "analytics", f"SELECT count(DISTINCT transaction_id) FROM member_exchanges WHERE user_id IN ({ids})"
    )
    assert counted == [(played["exchanges"]["finalized"],)]


def test_it_all_lies_in_the_weeks_that_were_played(system: System, played: Any, midnight: datetime) -> None:
    ids, start = community(system), midnight - timedelta(weeks=WEEKS)
    first, last = rows(
        system, "transactions", f"SELECT min(created_at), max(updated_at) FROM transactions WHERE author IN ({ids})"
    )[0]
    assert start <= moment(first) < moment(last) < midnight
    finalized = rows(system, "analytics", f"SELECT finalized_at FROM member_exchanges WHERE user_id IN ({ids})")
    assert all(start < moment(at) < midnight for (at,) in finalized)
    assert len({moment(at).date() for (at,) in finalized}) >= 2
    joined = rows(system, "users", f"SELECT created_at FROM users WHERE id IN ({ids})")
    assert all(start <= moment(at) < midnight for (at,) in joined)


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
