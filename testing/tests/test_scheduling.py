"""Which tests share a process."""

import subprocess
import sys
from pathlib import Path

import pytest

from skillsync_testing.scheduling import scope

PROOFS = "services/transactions/tests/proofs"
REAL = "mariadb-redis-separate-workers"
CONFTEST = f"""
import pathlib, pytest

pytest_plugins = ["skillsync_testing.plugin"]

@pytest.fixture
def note(worker_id):
    def write(what):
        with (pathlib.Path(__file__).parent / "seen").open("a") as seen:
            seen.write(what + " " + worker_id + chr(10))
    return write

@pytest.fixture(scope="session", params=["sqlite", "{REAL}"])
def system(request, worker_id):
    with (pathlib.Path(__file__).parent / "seen").open("a") as seen:
        print("up", request.param, worker_id, file=seen, flush=True)
        yield request.param
        print("down", request.param, worker_id, file=seen, flush=True)
"""
OF_A_SYSTEM = """
import pytest

@pytest.mark.parametrize("number", range(3))
def test_of_a_system(system, number, note):
    note("test " + system)
"""
OF_NONE = """
def test_of_none(note):
    note("test none")
"""


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("kit/tests/test_a.py::test_x[sqlite]", "kit/tests/test_a.py::test_y[mariadb]", True),
        ("kit/tests/test_a.py::test_x[sqlite]", "kit/tests/test_b.py::test_x[sqlite]", False),
        (f"tests/e2e/test_a.py::test_x[{REAL}]", f"tests/security/test_b.py::test_y[{REAL}-1]", True),
        ("tests/e2e/test_a.py::test_x[sqlite]", "tests/security/test_b.py::test_y[sqlite-1]", True),
        (f"tests/e2e/test_a.py::test_x[{REAL}]", "tests/e2e/test_a.py::test_x[sqlite]", False),
        ("tests/e2e/test_a.py::test_x", "tests/e2e/test_a.py::test_x[sqlite]", False),
        ("tests/web/test_a.py::test_x[sqlite]", "tests/web/test_b.py::test_y[phone-sqlite]", True),
        ("tests/faults/test_a.py::test_x[check]", "tests/faults/test_b.py::test_y", True),
        (
            f"{PROOFS}/test_a.py::test_x[READ-COMMITTED-check]",
            f"{PROOFS}/test_b.py::test_y[READ-COMMITTED-check-1]",
            True,
        ),
        (
            f"{PROOFS}/test_a.py::test_x[READ-COMMITTED-check]",
            f"{PROOFS}/test_a.py::test_x[REPEATABLE-READ-check]",
            False,
        ),
    ],
)
def test_a_file_stays_together_and_so_does_a_kind_of_system_or_deployment(one: str, other: str, together: bool) -> None:
    assert (scope(one) == scope(other)) is together


def test_pytest_keeps_to_it(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    for folder, text in (("tests", OF_A_SYSTEM), ("kit", OF_NONE)):
        (tmp_path / folder).mkdir()
        for name in "abcd":
            (tmp_path / folder / f"test_{name}.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadscope", "--import-mode=importlib"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=60)  # noqa: S603 - ours
    lines = [line.split() for line in (tmp_path / "seen").read_text().splitlines()]
    seen = {process: [(what, kind) for what, kind, its in lines if its == process] for process in ("gw0", "gw1")}
    systems = [[step for step in steps if step[1] != "none"] for steps in seen.values()]
    # Each kind once and in one process, and gone before what does not need it begins.
    assert sorted(systems) == sorted(
        [("up", kind), *12 * [("test", kind)], ("down", kind)] for kind in ("sqlite", REAL)
    )
    assert all(steps[: len(its)] == its for steps, its in zip(seen.values(), systems, strict=True))
    assert sum(what == "test" for what, _, _ in lines) == 28
