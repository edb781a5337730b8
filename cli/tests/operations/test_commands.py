"""The commands as `skillsync` has them: their exit statuses, and what their help promises."""

import re
import sys
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner, Result

from skillsync import main
from skillsync.errors import Problem
from skillsync.main import app
from skillsync.operations.services import Services
from skillsync.paths import STATE_DIRECTORY_VARIABLE

if TYPE_CHECKING:
    from tests.operations.conftest import Cloud

COMMANDS = (
    ("queues",),
    ("outbox",),
    ("reconcile",),
    ("dlq", "list"),
    ("dlq", "show"),
    ("dlq", "redrive"),
    ("dlq", "discard"),
)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.fixture
def running(cloud: "Cloud", services: Services, monkeypatch: pytest.MonkeyPatch) -> "Cloud":
    """A system that seems to run here."""
    for module in ("place", "outbox"):
        monkeypatch.setattr(f"skillsync.operations.{module}.require_running", lambda paths: cloud.status)
    monkeypatch.setattr(Services, "of", classmethod(lambda cls, paths, status: services))
    return cloud


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_the_exit_status_means_and_json_is_there(command: tuple[str, ...]) -> None:
    text = " ".join(re.sub("[│╭╮╰╯─]", " ", run(*command, "--help").output).split())
    assert "Ends with 0 when all is well, with 3 when something needs attention, with 1" in text
    assert "--json" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_where_nothing_runs_one_line_says_what_to_do(
    command: tuple[str, ...], tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(STATE_DIRECTORY_VARIABLE, str(tmp_path))
    ids = {"show": ["user", "id"], "redrive": ["user"], "discard": ["user", "id"]}.get(command[-1], [])
    monkeypatch.setattr(sys, "argv", ["skillsync", *command, *ids])
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("skillsync: SkillSync does not run here")


def test_three_says_that_something_needs_attention(running: "Cloud", answers: Any) -> None:
    assert run("queues").exit_code == 0
    assert run("dlq", "list").exit_code == 0
    id = running.put(running.dlq_url)
    assert run("queues", "--json").exit_code == 3
    assert run("dlq", "list", "user").exit_code == 3
    assert run("dlq", "show", "user", id).exit_code == 0
    assert run("dlq", "redrive", "user", "--dry-run").exit_code == 0
    assert run("dlq", "discard", "user", "--all", "--yes").exit_code == 0
    assert run("queues").exit_code == 0
    assert run("outbox").exit_code == 3, "the services do not have the route here"
    answers.plan("GET", "/internal/outbox", (200, {"pending": 0, "lag_seconds": None, "oldest_at": None, "stuck": []}))
    assert run("outbox", "--json").exit_code == 0


def test_a_problem_comes_through_as_one(running: "Cloud") -> None:
    assert isinstance(run("dlq", "discard", "user").exception, Problem)
    assert isinstance(run("dlq", "show", "user", "absent").exception, Problem)
