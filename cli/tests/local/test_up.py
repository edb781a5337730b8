"""`skillsync up` for real: what it leaves alone, what it mends, what it leaves behind."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from skillsync_testing.ports import is_open
from skillsync_testing.system import System, eventually

PROCESSES = ["cloud", "users", "transactions", "notifications", "analytics", "operations", "gateway"]


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """One system for all tests here; each leaves it ready."""
    made = System(tmp_path_factory.mktemp("up") / "state")
    try:
        made.start()
        yield made
    finally:
        made.stop()


def processes(system: System) -> list[psutil.Process]:
    return [psutil.Process(process["pid"]) for process in system.status["processes"]]


def supervisor_pid(system: System) -> int:
    run = json.loads((system.state_directory / "run.json").read_text())
    pid: int = run["supervisor"]["pid"]
    return pid


def test_status_tells_that_all_is_ready(system: System) -> None:
    shown = system.command("status", "--json")
    assert shown.returncode == 0
    status = json.loads(shown.stdout)
    assert status["state"] == "ready"
    assert [(process["name"], process["state"]) for process in status["processes"]] == [
        (name, "ready") for name in PROCESSES
    ]
    assert status["api"] == f"http://127.0.0.1:{system.port}/v1"
    assert len({person["id"] for person in status["people"]}) == 4
    assert set(status["queues"]) == {"user", "transaction", "notification", "analytics", "feedback"}


def test_every_listener_is_on_the_loopback(system: System) -> None:
    listening = {
        connection.laddr
        for process in processes(system)
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert len(listening) == len(PROCESSES)
    assert {address.ip for address in listening} == {"127.0.0.1"}


def test_a_second_up_is_refused_and_changes_nothing(system: System) -> None:
    before = system.status
    second = system.command("up")
    assert second.returncode == 1
    assert second.stderr.startswith(f"skillsync: SkillSync already runs here (pid {supervisor_pid(system)})")
    assert second.stderr.count("\n") == 1
    assert system.status == before


def test_a_token_is_printed_alone_and_opens_the_api(system: System) -> None:
    person = system.status["people"][0]
    shown = system.command("token", person["email"])
    assert shown.returncode == 0
    header, _, _ = shown.stdout.strip().split(".")
    assert header
    refused = system.command("token", "nobody@demo.skillsync.example")
    assert refused.returncode == 1
    assert person["email"] in refused.stderr


def test_the_demo_ends_well_and_its_mails_are_shown(system: System) -> None:
    demo = system.command("demo")
    assert demo.returncode == 0, demo.stderr
    assert "All as it should be" in demo.stdout
    mails = json.loads(system.command("mail", "--json").stdout)
    assert sum("Receipt" in mail["subject"] for mail in mails) >= 2


def test_the_demo_ends_badly_when_an_answer_is_wrong(system: System) -> None:
    analytics = psutil.Process(system.process("analytics")["pid"])
    analytics.suspend()  # live, and deaf
    try:
        demo = system.command("demo")
    finally:
        analytics.resume()
    assert demo.returncode == 1
    assert "/v1/analytics/me" in demo.stderr
    assert demo.stderr.count("\n") == 1
    system.wait_until_ready()


def test_the_logs_of_a_process_are_shown(system: System) -> None:
    assert "request" in system.command("logs", "gateway", "-n", "5").stdout
    for line in system.command("logs", "users", "--raw", "-n", "5").stdout.splitlines():
        assert "event" in json.loads(line)


def test_a_killed_service_is_ready_again_soon(system: System) -> None:
    before = system.process("transactions")
    os.kill(before["pid"], signal.SIGKILL)
    eventually(lambda: system.process("transactions")["restarts"] == before["restarts"] + 1, what="a restart")
    system.wait_until_ready()
    assert system.process("transactions")["pid"] != before["pid"]


def test_a_killed_emulator_comes_back_with_its_pool_and_people(system: System) -> None:
    before = system.status
    os.kill(system.process("cloud")["pid"], signal.SIGKILL)
    eventually(lambda: system.process("cloud")["restarts"] == 1, what="a restart")
    system.wait_until_ready()
    assert system.status["user_pool_id"] == before["user_pool_id"]
    assert system.command("token", before["people"][0]["email"]).returncode == 0
    assert "is unknown to its user pool" in system.output.read_text()


def test_after_a_stop_nothing_runs_and_the_next_start_finds_its_state(system: System) -> None:
    before, running = system.status, processes(system)
    member = system.member("Finn")
    stopped = system.command("down")
    assert (stopped.returncode, stopped.stdout) == (0, "Drained.\n")
    assert not any(process.is_running() for process in running)
    assert not any(is_open(int(process["url"].rpartition(":")[2])) for process in before["processes"])
    assert system.command("status").returncode == 3
    assert system.stop() == 0
    system.start()
    for key in ("user_pool_id", "client_id", "topic_arn", "queues", "people"):
        assert system.status[key] == before[key]
    pool = system.aws("cognito-idp")
    assert pool.admin_get_user(UserPoolId=before["user_pool_id"], Username=member.email)["UserStatus"] == "CONFIRMED"


def test_what_a_killed_supervisor_leaves_does_not_disturb_the_next_start(system: System) -> None:
    before, running = system.status, processes(system)
    os.kill(supervisor_pid(system), signal.SIGKILL)
    system.stop()
    assert system.command("status").returncode == 3, "the state file still says ready"
    clock = system.state_directory / "clock"
    clock.write_text("-31449600\n")  # and a `skillsync seed` was killed with it
    system.start()
    eventually(lambda: system.command("status").returncode == 0, what="the new run is ready")
    assert not any(process.is_running() for process in running)
    assert not clock.exists()
    assert "The clock was left in the past" in system.output.read_text()
    assert "The emulator was not stopped by SkillSync" in system.output.read_text()
    assert system.status["user_pool_id"] == before["user_pool_id"]
    assert system.status["people"] == before["people"]


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({"PORT": "TAKEN"}, "Port TAKEN is taken by another program"),
        ({"PORT": "eighty"}, "PORT=eighty is not a port"),
        ({"DATABASE": "postgres://ana:hunter2@127.0.0.1"}, "DATABASE: the scheme 'postgres' is unknown"),
        (
            {"DATABASE": "mysql://ana:hunter2@127.0.0.1:1"},
            "DATABASE: the database server at 127.0.0.1:1 cannot be used",
        ),
        ({"CACHE": "redis://:hunter2@127.0.0.1:1/0"}, "CACHE: the Redis server at 127.0.0.1:1 cannot be used"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "AWS_ENDPOINT_URL: nothing answers at 127.0.0.1:1"),
        ({"WORKERS": "many"}, "WORKERS=many is unknown"),
    ],
)
def test_what_is_wrong_is_one_line_and_leaves_nothing_running(
    variables: dict[str, str], line: str, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = str(listener.getsockname()[1])
        chosen = {name: value.replace("TAKEN", taken) for name, value in variables.items()}
        failed = System(tmp_path / "state", **chosen).command("up")
    assert failed.returncode == 1
    assert failed.stderr.startswith(f"skillsync: {line.replace('TAKEN', taken)}")
    assert failed.stderr.count("\n") == 1
    assert "hunter2" not in failed.stdout + failed.stderr
    assert not [child for child in psutil.process_iter() if str(tmp_path) in " ".join(environment(child))]


def environment(process: psutil.Process) -> list[str]:
    try:
        return list(process.environ().values())
    except psutil.Error:
        return []


def test_commands_that_need_a_running_system_say_so(tmp_path: Path) -> None:
    stopped = System(tmp_path / "state")
    for command in (["demo"], ["mail"], ["restart"], ["token", "ana@demo.skillsync.example"]):
        refused = stopped.command(*command)
        assert refused.returncode == 1
        assert refused.stderr.startswith("skillsync: SkillSync does not run here")
    assert stopped.command("down").stdout == "Nothing runs.\n"
    assert stopped.command("status").returncode == 3


def test_the_command_alone_prints_help(tmp_path: Path) -> None:
    shown: subprocess.CompletedProcess[str] = System(tmp_path / "state").command()
    assert shown.returncode == 0
    for command in ("up", "down", "status", "restart", "logs", "mail", "token", "migrate", "demo"):
        assert f" {command} " in shown.stdout
