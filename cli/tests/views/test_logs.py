"""Logs, readable."""

import json
from pathlib import Path

import pytest
from rich.console import Console

from skillsync.errors import Problem
from skillsync.paths import Paths
from skillsync.views.logline import LogLine
from skillsync.views.logs import Tail, show_logs


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(root=tmp_path, state=tmp_path)
    made.logs.mkdir()
    return made


def json_line(second: int, event: str, **fields: object) -> str:
    return json.dumps({"event": event, "level": "info", "timestamp": f"2026-01-01T10:00:{second:02}Z", **fields}) + "\n"


def test_logs_of_all_processes_are_merged_by_time(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    paths.log("users").write_text(json_line(1, "first") + json_line(3, "third") + "  a line that is no JSON\n")
    paths.log("analytics").write_text(json_line(2, "second") + json_line(4, "fourth"))
    show_logs(paths, "", follow=False, lines=10, raw=False)
    shown = capsys.readouterr().out.splitlines()
    events = ("first", "second", "third", "no JSON", "fourth")
    assert [event in line for event, line in zip(events, shown, strict=True)] == [True] * 5


def test_only_the_last_lines_are_shown(paths: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    paths.log("users").write_text("".join(json_line(second, f"event-{second}") for second in range(9)))
    show_logs(paths, "users", follow=False, lines=2, raw=True)
    assert capsys.readouterr().out == json_line(7, "event-7") + json_line(8, "event-8")
    show_logs(paths, "users", follow=False, lines=0, raw=True)
    assert capsys.readouterr().out == ""


def test_a_process_without_a_log_is_named_with_those_that_have_one(paths: Paths) -> None:
    paths.log("users").write_text("")
    with pytest.raises(Problem, match=r"^There is no log of 'user'\. There are: users\.$"):
        show_logs(paths, "user", follow=False, lines=1, raw=False)


def test_what_is_written_later_is_read_too_even_after_a_rotation(paths: Paths) -> None:
    file = paths.log("users")
    file.write_text("one\ntwo\n")
    tail = Tail("users", file)
    assert [line.raw for _, line in tail.past(1)] == ["two"]
    with file.open("a") as stream:
        stream.write("three\nhalf")
    assert [line.raw for line in tail.fresh()] == ["three"]
    with file.open("a") as stream:
        stream.write(" whole\n")
    assert [line.raw for line in tail.fresh()] == ["half whole"]
    file.write_text("new\n")
    assert [line.raw for line in tail.fresh()] == ["new"]


@pytest.mark.parametrize(
    ("level", "style"), [("info", "green"), ("warning", "yellow"), ("error", "red"), ("debug", "dim")]
)
def test_the_level_has_its_colour(level: str, style: str) -> None:
    text = LogLine.read("users", json.dumps({"event": "x", "level": level})).readable()
    assert style in {span.style for span in text.spans}


def test_fields_are_shown_by_name_and_an_access_log_by_its_status() -> None:
    line = LogLine.read("gateway", json.dumps({"event": "request", "status": 502, "routeKey": "GET /v1/users/{id}"}))
    assert line.level == "error"
    assert line.readable().plain.endswith("request  status=502  routeKey=GET /v1/users/{id}")


def test_a_log_cannot_steer_the_terminal() -> None:
    hostile = json.dumps({"event": "\x1b[2J\x1b]0;title\x07", "level": "info", "name\r": "a\u202eb"})
    console = Console(force_terminal=True, width=200)
    with console.capture() as capture:
        console.print(LogLine.read("users", hostile).readable())
    shown = capture.get()
    assert "\x1b[2J" not in shown
    assert not {"\x07", "\r", "\u202e"} & set(shown)
