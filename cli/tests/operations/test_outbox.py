"""`skillsync outbox` and the calls to the services, against a stub with the services' shapes."""

import json
from typing import Any

import pytest

from skillsync.operations import outbox
from skillsync.operations.outbox import PRODUCERS, read_outbox, show_outbox
from skillsync.operations.reasons import notes
from skillsync.operations.services import Services, Silent
from skillsync.paths import SERVICES, find_paths

STUCK = {
    "subject": "01a1",
    "type": "user.created.v1",
    "pending": 3,
    "attempts": 4,
    "since": "2030-01-01T12:00:00Z",
    "last_error": "EndpointConnectionError:\x1b[2J away",
}
WELL: dict[str, Any] = {"pending": 0, "lag_seconds": None, "oldest_at": None, "stuck": []}
ILL = {"pending": 3, "lag_seconds": 75.2, "oldest_at": "2030-01-01T12:00:00Z", "stuck": [STUCK]}
PATH = ("GET", "/internal/outbox")


@pytest.fixture
def shown(services: Services, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """A function that runs the command; its verdict and what it printed."""
    monkeypatch.setattr(outbox, "require_running", lambda paths: services._status)
    monkeypatch.setattr(Services, "of", classmethod(lambda cls, paths, status: services))

    def run(as_json: bool) -> tuple[bool, str]:
        is_well = show_outbox(find_paths(), as_json)
        return is_well, capsys.readouterr().out

    return run


def test_the_producers_are_those_with_an_outbox() -> None:
    services = find_paths().root / "services"
    having = [s for s in SERVICES if any("outbox_table(" in f.read_text() for f in services.glob(f"{s}/*/**/*.py"))]
    assert list(PRODUCERS) == having


def test_empty_outboxes_are_fine(shown: Any, answers: Any) -> None:
    answers.plan(*PATH, (200, WELL))
    is_well, text = shown(True)
    assert is_well
    assert json.loads(text) == {"services": [{"service": name, "problem": None, **WELL} for name in PRODUCERS]}


def test_what_is_stuck_is_shown_with_its_error_and_needs_attention(shown: Any, answers: Any) -> None:
    answers.plan(*PATH, (200, ILL), (200, WELL))
    is_well, text = shown(True)
    assert not is_well
    assert json.loads(text)["services"][0] == {"service": "users", "problem": None, **ILL}
    answers.plan(*PATH, (200, ILL), (200, WELL))
    _, text = shown(False)
    for part in ("1 min 15 s", "01a1", "EndpointConnectionError:"):
        assert part in text
    assert "\x1b" not in text


def test_a_silent_service_needs_attention_and_hides_no_other(shown: Any, services: Services, answers: Any) -> None:
    answers.plan(*PATH, (200, WELL))
    services._status["processes"][1]["url"] = "http://127.0.0.1:1"
    is_well, text = shown(True)
    assert not is_well
    problems = {row["service"]: row["problem"] for row in json.loads(text)["services"]}
    assert problems == {"users": None, "transactions": "does not answer (ConnectError)", "notifications": None}
    assert "does not answer" in shown(False)[1]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((503, {}), "answered 503"),
        ((404, {}), "answered 404"),
        ((200, {"pending": "many"}), "answered what cannot be read"),
        ((200, []), "answered what cannot be read"),
    ],
)
def test_an_answer_that_is_none_is_said(
    services: Services, answers: Any, answer: tuple[int, Any], problem: str
) -> None:
    answers.plan(*PATH, answer)
    assert read_outbox(services, "users")["problem"] == problem


def test_one_token_is_asked_for_with_the_workers_secret_and_shown_to_the_services(
    services: Services, answers: Any
) -> None:
    answers.plan(*PATH, (200, WELL))
    for name in PRODUCERS:
        assert read_outbox(services, name)["problem"] is None
    grants = [one for one in answers.asked if one[1] == "/oauth2/token"]
    assert len(grants) == 1
    assert grants[0][3] == "grant_type=client_credentials&scope=skillsync%2Foperations.read"
    assert grants[0][2]["Authorization"].startswith("Basic ")
    shown = {headers["Authorization"] for _, path, headers, _ in answers.asked if path == "/internal/outbox"}
    assert shown == {"Bearer a-token-of-the-worker"}


def test_without_a_token_each_service_is_a_row_that_says_so(services: Services, answers: Any) -> None:
    answers.plan("POST", "/oauth2/token", (400, {"error": "a-secret-of-the-worker"}))
    for name in PRODUCERS:
        assert read_outbox(services, name)["problem"] == "was not asked: no worker's token (HTTPStatusError)"
    assert len([one for one in answers.asked if one[1] == "/oauth2/token"]) == 1


def test_without_the_workers_settings_it_says_what_to_do(services: Services) -> None:
    row = read_outbox(Services(services._status, {}), "users")
    assert row["problem"] == "was not asked: no worker's settings in jobs.json; `skillsync down`, then `make up`"


def test_notes_are_asked_for_a_hundred_at_a_time(services: Services, answers: Any) -> None:
    ids = [f"m{number:03}" for number in range(150)]
    for part in (ids[:100], ids[100:]):
        items = [{"message_id": id, "reason": "why", "receives": 5, "failed_at": "2030-01-01T12:00:00Z"} for id in part]
        answers.plan("GET", "/internal/failed-messages?" + "&".join(f"id={id}" for id in part), (200, {"items": items}))
    assert list(notes(services, "users", ids)) == ids


def test_a_silent_service_has_no_notes(services: Services) -> None:
    services._status["processes"][0]["url"] = "http://127.0.0.1:1"
    assert notes(services, "users", ["m"]) == {}
    with pytest.raises(Silent, match="does not run here"):
        services.get("analytics", "/internal/outbox")
