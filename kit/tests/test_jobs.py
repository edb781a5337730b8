"""A job beside the running processes: its output, and how it ends."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Start = Callable[..., "subprocess.Popen[str]"]

JOB = """
import asyncio
from skillsync_kit import process
from skillsync_kit.errors import Unavailable
from skillsync_kit.jobs import JobFailed, run_job
from skillsync_kit.settings import Settings
from skillsync_kit.telemetry import log

async def build(stack, settings):
    raise AssertionError("no process is wanted")

async def work(stack, settings, how):
    stack.callback(lambda: log.info("closed"))
    log.info("working", port=settings.port)
    if how == "fails":
        raise JobFailed("Say --afresh.")
    if how == "refused":
        raise Unavailable("The database does not answer; try again shortly.")
    if how == "waits":
        await asyncio.Event().wait()
    return 4

def run(arguments):
    run_job("things-count", Settings, lambda stack, settings: work(stack, settings, *arguments))

process.run("things", Settings, build, {"count": run})
"""


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Starts the service with these arguments; its log level hides what is not an error."""
    script = tmp_path / "service.py"
    script.write_text(JOB)
    settings = {
        "PATH": os.environ["PATH"],
        "SKILLSYNC_PORT": "1",
        "SKILLSYNC_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/things.sqlite",
        "SKILLSYNC_TOKEN_ISSUER": "https://issuer.example",
        "SKILLSYNC_JWKS_URL": "https://issuer.example/keys",
        "SKILLSYNC_WEB_CLIENT_ID": "web",
        "SKILLSYNC_LOG_LEVEL": "error",
    }

    def started(*arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, str(script), *arguments],
            env=settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return started


@pytest.mark.parametrize(
    ("how", "status", "complaint"),
    [
        ("ends", 4, ""),
        ("fails", 1, "Say --afresh.\n"),
        ("refused", 1, "The database does not answer; try again shortly.\n"),
    ],
)
def test_it_ends_as_it_says_or_with_one_line(start: Start, how: str, status: int, complaint: str) -> None:
    job = start("count", how)
    output, errors = job.communicate(timeout=60)
    assert (job.returncode, errors) == (status, complaint)
    lines = [json.loads(line) for line in output.splitlines()]
    assert [line["event"] for line in lines] == ["working", "closed"]
    assert (lines[0]["process"], lines[0]["port"]) == ("things-count", 1)


def test_ctrl_c_ends_it_and_closes_what_it_opened(start: Start) -> None:
    job = start("count", "waits")
    assert job.stdout is not None
    job.stdout.readline()
    job.send_signal(signal.SIGINT)
    output, errors = job.communicate(timeout=60)
    assert (job.returncode, errors) == (130, "")
    assert json.loads(output)["event"] == "closed"


def test_what_is_neither_a_role_nor_a_job_is_refused_with_both_named(start: Start) -> None:
    refused = start("recount")
    _, errors = refused.communicate(timeout=60)
    assert (refused.returncode, errors) == (2, "things: say which role to run: all, api, worker, count\n")
