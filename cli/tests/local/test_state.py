"""What `status --json` prints, and who is believed to run."""

import json
import os
import threading
from pathlib import Path
from typing import get_type_hints

import psutil
import pytest

from skillsync.errors import Problem
from skillsync.local.run import clean_leftovers, supervisor_process, take_lock, write_run
from skillsync.local.state import RunState, Status, empty_status, overall, read_json, read_status, write_json
from skillsync.paths import Paths
from skillsync.supervision.specification import ProcessState, ProcessStatus
from skillsync.views.status import show_status

KEYS = (
    "state web api aws_endpoint region user_pool_id client_id issuer jwks_url database cache topic_arn queues people "
    "processes"
)


def process(state: ProcessState) -> ProcessStatus:
    return ProcessStatus(
        name="users", kind="service", pid=os.getpid(), url="http://127.0.0.1:1", state=state, restarts=0
    )


def test_the_document_has_exactly_the_promised_keys() -> None:
    assert list(empty_status()) == KEYS.split()
    assert set(get_type_hints(ProcessStatus)) == {"name", "kind", "pid", "url", "state", "restarts"}


@pytest.mark.parametrize(
    ("phase", "processes", "expected"),
    [
        ("starting", [process("starting")], "starting"),
        ("ready", [process("ready"), process("ready")], "ready"),
        ("ready", [process("ready"), process("restarting")], "degraded"),
        ("ready", [process("failed")], "degraded"),
        ("draining", [process("draining")], "draining"),
        ("stopped", [process("stopped")], "stopped"),
    ],
)
def test_one_process_that_is_not_ready_degrades_the_whole(
    phase: RunState, processes: list[ProcessStatus], expected: RunState
) -> None:
    assert overall(phase, processes) == expected


def test_a_repair_degrades_the_whole_too() -> None:
    assert overall("ready", [process("ready")], is_under_repair=True) == "degraded"
    assert overall("draining", [process("ready")], is_under_repair=True) == "draining"


def test_without_its_supervisor_everything_is_stopped(paths: Paths) -> None:
    written: Status = {**empty_status(), "state": "ready", "processes": [process("ready")]}
    write_json(paths.state_file, written)
    assert read_status(paths, supervisor_runs=True) == written
    status = read_status(paths, supervisor_runs=False)
    assert status["state"] == "stopped"
    assert (status["processes"][0]["state"], status["processes"][0]["pid"]) == ("stopped", None)


def test_status_prints_the_document_and_says_whether_it_is_ready(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not show_status(paths, as_json=True)
    assert json.loads(capsys.readouterr().out)["state"] == "stopped"
    write_json(paths.state_file, {**empty_status(), "state": "ready", "processes": [process("ready")]})
    assert not show_status(paths, as_json=True), "nobody runs it"
    assert json.loads(capsys.readouterr().out)["state"] == "stopped"
    run_as_this_process(paths)
    assert show_status(paths, as_json=True)
    assert json.loads(capsys.readouterr().out)["state"] == "ready"
    assert show_status(paths, as_json=False)
    assert "users" in capsys.readouterr().out


def run_as_this_process(paths: Paths) -> None:
    """Write this very process down as the supervisor, by a word of its command line."""
    write_run(paths, [])
    document = read_json(paths.run_file)
    document["supervisor"]["marker"] = psutil.Process().cmdline()[0]
    write_json(paths.run_file, document)


def test_a_supervisor_is_known_by_more_than_its_pid(paths: Paths) -> None:
    assert supervisor_process(paths) is None
    run_as_this_process(paths)
    found = supervisor_process(paths)
    assert found is not None
    assert found.pid == os.getpid()
    document = read_json(paths.run_file)
    document["supervisor"]["started"] -= 100
    write_json(paths.run_file, document)
    assert supervisor_process(paths) is None


def test_only_one_run_holds_the_lock(paths: Paths) -> None:
    first = take_lock(paths)
    run_as_this_process(paths)
    with pytest.raises(Problem, match=rf"already runs here \(pid {os.getpid()}\): .*`skillsync down`"):
        take_lock(paths)
    first.release()
    take_lock(paths).release()


def test_a_pid_that_belongs_to_a_stranger_now_is_not_cleaned(paths: Paths) -> None:
    stranger = {"name": "users", "pid": os.getppid(), "started": 1.0, "marker": ""}
    write_json(paths.run_file, {"processes": [stranger]})
    assert clean_leftovers(paths) == []


def test_a_reader_never_sees_half_a_document(paths: Paths) -> None:
    written = threading.Event()

    def write() -> None:
        for number in range(300):
            write_json(paths.state_file, {"number": number, "padding": "x" * 10_000})
        written.set()

    write_json(paths.state_file, {"number": 0})
    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    while not written.is_set():
        seen.add(read_json(paths.state_file)["number"])
    writer.join()
    assert len(seen) > 1


def test_the_state_is_its_owners_alone(paths: Paths) -> None:
    write_json(paths.state_file, {})
    assert paths.state.stat().st_mode & 0o777 == 0o700
    assert paths.state_file.stat().st_mode & 0o777 == 0o600


def test_an_unreadable_document_counts_as_none(tmp_path: Path) -> None:
    assert read_json(tmp_path / "none.json") == {}
    (tmp_path / "broken.json").write_text('{"half": ')
    assert read_json(tmp_path / "broken.json") == {}
