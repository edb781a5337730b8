"""The table of proofs: what is demanded is compared with what was seen, and nothing that fails is missing from it."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

from skillsync_testing.proofs import Proof, Proofs

# Plugins that take longer to load than the inner tests to run.
WITHOUT = [word for name in ("cacheprovider", "hypothesispytest", "schemathesis") for word in ("-p", f"no:{name}")]
ROOT = Path(__file__).resolve().parents[2]

INNER = """
    from skillsync_testing.proofs import figure

    @figure("rounds", check=2, prove=3)
    def test_that_holds(proof, rounds):
        proof.record("1", "counted", {"rounds": rounds}, {"rounds": len(list(proof.rounds(rounds)))}, "as it should be",
                     trials=rounds, hits={"kill": 1})

    @figure("rounds", check=2, prove=3)
    def test_that_does_not(proof, rounds):
        proof.record("2", "short of it", {"rounds": 1000}, {"rounds": rounds})

    @figure("rounds", check=2, prove=3)
    def test_whose_fault_never_struck(proof, rounds):
        proof.record("3", "vacuous", {"lost": 0}, {"lost": 0}, trials=rounds, hits={"kill": 2, "reset": 0})

    @figure("rounds", check=2, prove=3)
    def test_that_ends_early(proof, rounds):
        raise RuntimeError("gone | for good")

    def test_another():
        pass
"""


def run(directory: Path, *arguments: str, **environment: str) -> str:
    """What pytest prints over the inner tests, with this repository's configuration."""
    (directory / "conftest.py").write_text('pytest_plugins = ["skillsync_testing.proofs"]\n')
    (directory / "test_inner.py").write_text(textwrap.dedent(INNER))
    command = [sys.executable, "-m", "pytest", "-q", "-s", *WITHOUT, f"-c{ROOT / 'pyproject.toml'}"]
    ours = {name: value for name, value in os.environ.items() if name not in ("SEED", "PROOF_FILE")}
    done = subprocess.run(  # noqa: S603
        [*command, f"--rootdir={directory}", *arguments, str(directory)],
        env={**ours, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout


def test_the_table_has_every_proof_with_its_verdict(tmp_path: Path) -> None:
    file = tmp_path / "proof.md"
    printed = run(tmp_path, "-m", "prove", SEED="7", PROOF_FILE=str(file))
    written = file.read_text()
    assert (
        "| 1 | counted | rounds: 3 | rounds: 3, as it should be, faults that struck: kill: 1 | ≤ 1 of 3 | holds |"
        in written
    )
    assert "| 2 | short of it | rounds: 1,000 | rounds: 3 | – | BROKEN |" in written
    assert "| 3 | vacuous | lost: 0 | lost: 0, faults that struck: kill: 2, reset: 0 | – | BROKEN |" in written
    assert (
        "| ? | test_that_ends_early[prove] | to come to its end | RuntimeError: gone \\| for good | – | BROKEN |"
        in written
    )
    assert written.count("short of it") == 1
    assert "4 proofs, 3 broken." in written
    assert f"{os.cpu_count()} cores" in written
    assert "MariaDB 1" in written
    assert "make prove SEED=7" in written
    assert written in printed
    assert (
        "1 | counted | rounds: 3 | rounds: 3, as it should be, faults that struck: kill: 1 | ≤ 1 of 3 | holds"
        in printed.splitlines()
    )


def test_full_figures_wait_to_be_asked_for(tmp_path: Path) -> None:
    printed = run(tmp_path, PROOF_FILE="")
    assert "rounds: 2, as it should be" in printed
    assert "rounds: 3" not in printed
    assert "# Proofs" not in printed
    assert "4 deselected" in printed


def test_the_same_seed_throws_the_same_dice_for_the_same_test() -> None:
    def dice(seed: int, test: str) -> float:
        return Proof(Proofs(seed, None), test).random.random()

    assert dice(1, "a") == dice(1, "a")
    assert len({dice(1, "a"), dice(2, "a"), dice(1, "b")}) == 3
