"""Failpoints: each pass is counted, an armed one kills once, and without a directory nothing happens."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from skillsync_kit import failpoints

PROCESS = """
import sys
from skillsync_kit import failpoints
failpoints.configure(sys.argv[1] or None, "things")
for point in sys.argv[2:]:
    failpoints.failpoint(point)
print("survived")
"""


def run(directory: Path | str, *points: str) -> tuple[int, str]:
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", PROCESS, str(directory), *points],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout


def hits(directory: Path, point: str) -> int:
    return len((directory / "hits" / f"things.{point}").read_text().splitlines())


def test_an_armed_point_kills_once_and_every_pass_is_counted(tmp_path: Path) -> None:
    assert run(tmp_path, "after-commit") == (0, "survived\n")
    (tmp_path / "armed" / "things.after-commit").touch()
    (tmp_path / "armed" / "others.after-commit").touch()
    assert run(tmp_path, "before-delete", "after-commit", "after-publish") == (-signal.SIGKILL, "")
    assert run(tmp_path, "after-commit", "after-commit") == (0, "survived\n")
    assert hits(tmp_path, "after-commit") == 4
    assert hits(tmp_path, "before-delete") == 1
    assert not (tmp_path / "hits" / "things.after-publish").exists()
    assert [path.name for path in (tmp_path / "armed").iterdir()] == ["others.after-commit"]


def test_without_a_directory_nothing_is_counted_and_nobody_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("", "after-commit") == (0, "survived\n")
    failpoints.configure(None, "tests")
    failpoints.failpoint("after-commit")
    assert list(tmp_path.iterdir()) == []
