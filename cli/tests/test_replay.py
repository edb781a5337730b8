"""`skillsync replay` without a system: what it refuses, how it runs a job and stops it, what it says."""

import os
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from skillsync.errors import Problem
from skillsync.local.jobs import read_environment, write_environments
from skillsync.local.state import write_json
from skillsync.paths import Paths
from skillsync.replay.command import read_moment, replay, republish
from skillsync.replay.job import Job
from skillsync.replay.words import Steps, show_compared, show_opened
from skillsync.supervision.specification import Specification

JOB = """
import os, signal, sys, time
print('{"event": "replay progress"}', flush=True)
print("no JSON at all", flush=True)
if sys.argv[1] == "wait":
    def stop(*_):
        open(os.environ["MARK"], "w").close()
        sys.exit(130)
    signal.signal(signal.SIGINT, stop)
    print('{"event": "waiting"}', flush=True)
    signal.pause()
print("first words\\nlast words", file=sys.stderr)
sys.exit(int(sys.argv[1]))
"""


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """A state directory in which a service `fake` is said to run, whose jobs do as JOB says."""
    package = tmp_path / "packages" / "skillsync_fake"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "main.py").write_text(JOB)
    made = Paths(root=tmp_path, state=tmp_path / "state")
    made.make_directories()
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(package.parent), "MARK": str(tmp_path / "mark")}
    write_json(made.jobs_file, {"fake": environment})
    return made


def ask(paths: Paths, consumer: str = "analytics", **options: Any) -> int:
    unasked: dict[str, Any] = dict.fromkeys(("apply", "afresh", "discard", "as_json"), False)
    return replay(paths, consumer, **({"since": "", "until": ""} | unasked | options))


def test_what_cannot_be_asked_is_one_line(paths: Paths) -> None:
    with pytest.raises(Problem, match="'nobody' has no read model: name one of analytics, users"):
        ask(paths, "nobody")
    with pytest.raises(Problem, match="--discard ends the replay that is open"):
        ask(paths, discard=True, apply=True)
    with pytest.raises(Problem, match="SkillSync does not run here"):
        ask(paths)
    with pytest.raises(Problem, match="--republish needs a window"):
        republish(paths, since="", until="", as_json=False)
    with pytest.raises(Problem, match="--from: 'yesterday' is no moment"):
        read_moment("yesterday", "--from")


def test_a_moment_without_an_offset_gets_this_machines() -> None:
    assert read_moment("2030-01-31T12:00:00Z", "--from") != ""
    assert "+" in read_moment("2030-01-31", "--to") or "-" in read_moment("2030-01-31", "--to")[10:]
    assert read_moment("", "--from") == ""


def test_a_job_gives_its_lines_and_its_end(paths: Paths) -> None:
    job = Job(paths, "fake", ["4"])
    assert list(job.lines()) == [{"event": "replay progress"}]
    assert job.end(0, 4) == 4
    failed = Job(paths, "fake", ["1"])
    list(failed.lines())
    with pytest.raises(Problem, match=r"^last words$"):
        failed.end(0, 4)


def test_a_job_is_stopped_when_its_reader_is(paths: Paths) -> None:
    job = Job(paths, "fake", ["wait"])
    lines = job.lines()
    assert [next(lines), next(lines)] == [{"event": "replay progress"}, {"event": "waiting"}]
    lines.close()
    assert (paths.root / "mark").exists()
    assert job.end(130) == 130


def test_environments_are_those_of_services_and_private(paths: Paths) -> None:
    def specification(name: str, **environment: str) -> Specification:
        return Specification(
            name=name,
            kind="service",
            command=("x",),
            environment=environment,
            url="",
            ready_url="",
            live_url="",
            log_file=paths.log(name),
            directory=paths.root,
            marker="x",
        )

    write_environments(paths, [specification("users", A="1"), specification("users-worker", A="2")])
    assert read_environment(paths, "users") == {"A": "1"}
    assert paths.jobs_file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Problem, match="It is not known how analytics runs here"):
        read_environment(paths, "analytics")


def compared(**changes: Any) -> dict[str, Any]:
    model = {
        "table": "member_exchanges",
        "live_digest": "a" * 64,
        "live_rows": 2,
        "rebuilt_digest": "b" * 64,
        "rebuilt_rows": 3,
        "differing": 22,
    }
    differences = [
        {
            "table": "member_exchanges",
            "key": {"user_id": "ada"},
            "live": {"user_id": "ada", "minutes": 7, "kind": "gift"},
            "rebuilt": {"user_id": "ada", "minutes": 60, "kind": "gift"},
        },
        {
            "table": "member_exchanges",
            "key": {"user_id": "bo\x1b[2J"},
            "live": None,
            "rebuilt": {"user_id": "bo", "minutes": 15, "kind": "swap"},
        },
    ]
    base = {"consumer": "analytics", "is_equal": False, "is_applied": False, "only_rebuilt": 3, "only_live": 1}
    return {**base, "models": [model], "differences": differences, **changes}


def shown(line: dict[str, Any]) -> str:
    console = Console(width=120, record=True, file=open(os.devnull, "w"))  # noqa: SIM115 - closed with the test
    show_compared(console, line, "skillsync replay analytics")
    return console.export_text()


def test_differences_are_named_with_what_to_do_next() -> None:
    text = shown(compared())
    assert "aaaaaaaaaaaaaaaa…" in text
    assert "live    minutes 7\n" in text
    assert "rebuilt minutes 60\n" in text
    assert "live    no such row\n" in text
    assert "\x1b" not in text
    assert "and 20 rows more" in text
    assert "3 events are rebuilt and not live: on their way, or lost" in text
    assert "1 events are live and no producer exports them" in text
    assert "skillsync replay analytics --apply lets the rebuilt one take over" in text
    assert "skillsync replay analytics --discard" in text


def test_equal_or_taken_over_asks_for_nothing() -> None:
    equal = shown(compared(is_equal=True, differences=[], only_rebuilt=0, only_live=0))
    assert "Both are equal" in equal
    assert "--apply" not in equal
    assert "The rebuilt model is the live one now" in shown(compared(is_applied=True))


def test_in_a_pipe_progress_is_a_line_now_and_then() -> None:
    console = Console(width=120, record=True, file=open(os.devnull, "w"))  # noqa: SIM115 - closed with the test
    opened = {"consumer": "users", "is_resumed": False, "base": "window", "started_at": "2030-01-01T12:00:00+00:00"}
    show_opened(console, opened)
    with Steps(console) as steps:
        for number in range(101):
            steps.show({"producer": "users", "read": number * 100, "applied": number, "share": number / 100})
        steps.wait({"reason": "The users service does not answer."})
    lines = console.export_text().splitlines()
    assert lines[0].endswith("onto a copy of the live one.")
    assert lines[1].split() == ["users", "0%", "0", "events,", "0", "counted"]
    assert lines[-2].split()[:2] == ["users", "100%"]
    assert 10 <= len(lines) <= 14
    assert "It is asked again" in lines[-1]
