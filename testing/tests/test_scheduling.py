"""Which tests share a process."""

import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from skillsync_testing.scheduling import scope

PROOFS = "services/transactions/tests/proofs"
REAL = "mariadb-redis-separate-workers"
MODULE = f"""
import pathlib, pytest

@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("kind", ["sqlite", "{REAL}"])
def test_of_a_system(kind, number, worker_id):
    with (pathlib.Path(__file__).parent / "seen").open("a") as seen:
        seen.write(kind + " " + worker_id + chr(10))
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
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["skillsync_testing.plugin"]\n')
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "tests").mkdir()
    for name in "abcd":
        (tmp_path / "tests" / f"test_{name}.py").write_text(MODULE)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadscope", "--import-mode=importlib"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=60)  # noqa: S603 - ours
    processes = defaultdict(set)
    for line in (tmp_path / "tests" / "seen").read_text().splitlines():
        kind, process = line.split()
        processes[kind].add(process)
    assert sorted(map(sorted, processes.values())) == [["gw0"], ["gw1"]]
