"""A small community plays three weeks of the past in a running system."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from skillsync_testing.system import System, eventually

SEED, PEOPLE, WEEKS = "31", "8", "3"


@pytest.fixture(scope="module")
def played(system: System) -> Any:
    """What the command told; the seed is used up by that."""
    done = system.command("seed", "--people", PEOPLE, "--weeks", WEEKS, "--seed", SEED, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def rows(system: System, service: str, statement: str) -> list[tuple[Any, ...]]:
    """Read off a service's own database, as an operator would."""
    jobs = json.loads((system.state_directory / "jobs.json").read_text())
    url = make_url(jobs[service]["SKILLSYNC_DATABASE_URL"])
    drivers = {"sqlite+aiosqlite": "sqlite", "mysql+asyncmy": "mysql+asyncmy"}
    return _read(url.set(drivername=drivers[url.drivername]), statement)


def test_it_is_played_as_planned(played: Any) -> None:
    assert (played["people"], played["weeks"]) == (8, 3)
    assert played["exchanges"]["finalized"] >= 3
    assert set(played["refusals"]) <= {"not-enough-hours"}
