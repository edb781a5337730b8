"""What `skillsync seed` refuses before it plays anything, and when its year is."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from skillsync.errors import Problem
from skillsync.local.state import empty_status
from skillsync.paths import SERVICES, Paths
from skillsync.seed.command import first_midnight, require_bounds, require_local


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--people", "0"), "--people 0: give a number from 2 to 5000."),
        (("--people", "100000"), "--people 100000: give a number from 2 to 5000."),
        (("--weeks", "0"), "--weeks 0: give a number from 1 to 104."),
        (("--weeks", "600"), "--weeks 600: give a number from 1 to 104."),
        (("--seed", "-1"), "--seed -1: give a number from 0 to 999999."),
        ((), "SkillSync does not run here, or is not there yet: start it with `make up`, wait for its table."),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "skillsync", "seed", *arguments],
        env={**os.environ, "SKILLSYNC_STATE_DIRECTORY": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"skillsync: {says}\n")


@pytest.mark.parametrize(("name", "value"), [("people", 2), ("people", 5000), ("weeks", 1), ("weeks", 104)])
def test_the_bounds_themselves_are_taken(name: str, value: int) -> None:
    require_bounds(name, value)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(root=tmp_path, state=tmp_path)


def note(paths: Paths, **changed: str) -> None:
    """Let the services run so, as `up` notes it."""
    own = {"SKILLSYNC_ENVIRONMENT": "local", "SKILLSYNC_CLOCK_FILE": str(paths.clock_file)}
    jobs = dict.fromkeys(SERVICES, own) | {"analytics": {**own, **changed}}
    paths.jobs_file.write_text(json.dumps(jobs))


def test_a_ready_local_system_is_taken(paths: Paths) -> None:
    note(paths)
    require_local(paths, {**empty_status(), "state": "ready"})


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"SKILLSYNC_ENVIRONMENT": "prod"}, "analytics is not of the local environment"),
        ({"SKILLSYNC_ENVIRONMENT": ""}, "analytics is not of the local environment"),
        ({"SKILLSYNC_CLOCK_FILE": ""}, "analytics has no clock that can be moved: `skillsync down`, then `make up`"),
    ],
)
def test_any_other_environment_is_refused(paths: Paths, changed: dict[str, str], says: str) -> None:
    note(paths, **changed)
    with pytest.raises(Problem, match=says):
        require_local(paths, {**empty_status(), "state": "ready"})


def test_a_system_that_is_not_whole_is_refused(paths: Paths) -> None:
    note(paths)
    with pytest.raises(Problem, match="SkillSync is degraded: wait until"):
        require_local(paths, {**empty_status(), "state": "degraded"})


def test_the_weeks_end_with_the_last_midnight() -> None:
    now = datetime(2030, 3, 15, 0, 0, 1, tzinfo=UTC)
    start = first_midnight(now, 52)
    assert start + timedelta(weeks=52) == datetime(2030, 3, 15, tzinfo=UTC)
