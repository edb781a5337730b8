"""`make` alone helps, `.ci/run` is `make check`, and `make check` runs on after a failure and tells of it."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def check() -> ModuleType:
    """The module scripts/check.py, which is in no package."""
    specification = importlib.util.spec_from_file_location("skillsync_check_script", ROOT / "scripts" / "check.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module
    specification.loader.exec_module(module)
    return module


def test_make_alone_lists_each_target_with_its_line() -> None:
    shown = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607
    documented = re.findall(r"^([a-z]+):.*## (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {"help", "up", "test", "check", "format", "clean"} <= {name for name, _ in documented}
    lines = shown.stdout.splitlines()
    for name, line in documented:
        assert any(text.split(maxsplit=1) == [name, line] for text in lines if text.strip()), name


def test_continuous_integration_runs_make_check_and_nothing_else() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    commands = [line for line in lines if line and not line.startswith("#")]
    assert commands == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', "exec make check"]


def test_a_failing_check_shows_all_it_said_and_the_rest_still_run(
    check: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = check.Check("bad", [[sys.executable, "-c", "print('told why'); raise SystemExit(3)"]])
    good = check.Check("good", [[sys.executable, "-c", "print('not shown')"]])
    assert check.main([], [bad, good]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"bad +\d+\.\d s  failed", lines[0])
    assert "told why" in lines
    assert "not shown" not in lines
    assert re.fullmatch(r"good +\d+\.\d s  ok", lines[-2])
    assert re.fullmatch(r"check +\d+\.\d s  failed: bad", lines[-1])


def test_all_checks_passing_exits_with_zero(check: ModuleType) -> None:
    assert check.main([], [check.Check("good", [[sys.executable, "-c", ""]])]) == 0


def test_an_unknown_check_is_refused(check: ModuleType) -> None:
    assert check.main(["absent"]) == 2
