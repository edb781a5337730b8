"""`skillsync erasures`, against a stub with the users service's shape."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from skillsync.errors import Problem
from skillsync.operations import erasures
from skillsync.operations.erasures import show_erasures
from skillsync.operations.services import Services
from skillsync.paths import find_paths

AT = datetime(2030, 1, 8, 12, tzinfo=UTC)
OPEN = {"user_id": "01a1", "erased_at": "2030-01-08T12:00:00Z", "acknowledged": ["users"], "missing": ["analytics"]}
PLANNED = {"user_id": "01a2", "due_at": "2030-01-15T12:00:00Z"}
PATH = ("GET", "/internal/erasures")


@pytest.fixture
def shown(services: Services, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """A function that runs the command; its verdict and what it printed."""
    monkeypatch.setattr(erasures, "require_running", lambda paths: services._status)
    monkeypatch.setattr(Services, "of", classmethod(lambda cls, paths, status: services))

    def run(as_json: bool, minutes: int) -> tuple[bool, str]:
        is_well = show_erasures(find_paths(), AT + timedelta(minutes=minutes), as_json)
        return is_well, capsys.readouterr().out

    return run


@pytest.mark.parametrize(("minutes", "is_well"), [(60, True), (61, False)])
def test_what_is_not_done_after_an_hour_needs_attention(shown: Any, answers: Any, minutes: int, is_well: bool) -> None:
    answers.plan(*PATH, (200, {"items": [OPEN], "planned": [PLANNED]}))
    verdict, text = shown(True, minutes)
    assert verdict is is_well
    assert json.loads(text) == {"open": [{**OPEN, "is_overdue": not is_well}], "planned": [PLANNED]}


def test_the_table_names_people_by_id_and_who_is_missing(shown: Any, answers: Any) -> None:
    answers.plan(*PATH, (200, {"items": [OPEN], "planned": [PLANNED]}))
    _, text = shown(False, 1)
    for part in ("01a1", "users", "analytics", "01a2", "2030-01-15"):
        assert part in text


@pytest.mark.parametrize(
    ("answer", "problem"),
    [((503, {}), "users answered 503"), ((200, {"items": "many"}), "users answered what cannot be read")],
)
def test_without_an_answer_it_says_so(shown: Any, answers: Any, answer: tuple[int, Any], problem: str) -> None:
    answers.plan(*PATH, answer)
    with pytest.raises(Problem, match=problem):
        shown(True, 0)
