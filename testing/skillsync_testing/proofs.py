"""Proofs: tests that hold a promise against its figure. A small figure in `make check`, the full one in `make prove`.

    @figure("rounds", check=30, prove=1000)
    async def test_one_wins(proof: Proof, rounds: int) -> None:
        won = 0
        for _ in proof.rounds(rounds):
            …
        proof.record("3", "accept against decline", {"one winner": rounds}, {"one winner": won})

What is recorded is compared, printed as a line, and shown in a table of all proofs at the end, with the machine and the
seed. `--proof-file` (or the variable PROOF_FILE) names a Markdown file that the table is written to; `--seed` (or SEED)
repeats a run's dice.
"""

import importlib.metadata
import os
import platform
import random
import sys
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from skillsync_testing.mariadb import server_version

__all__ = ["Figures", "Proof", "figure"]

Figures = Mapping[str, object]
"""What is counted, by its name: `{"history entries": 1, "events": 1}`."""

_PROGRESS_SECONDS = 5.0
_LIBRARIES = ("SQLAlchemy", "asyncmy", "FastAPI", "uvicorn")


def figure(name: str, *, check: object, prove: object) -> pytest.MarkDecorator:
    """Run a test with a small figure as a part of every check, and with the full one under the marker `prove`."""
    full = pytest.param(prove, id="prove", marks=pytest.mark.prove)
    return pytest.mark.parametrize(name, [pytest.param(check, id="check"), full])


@dataclass(frozen=True)
class Line:
    """One result of a test."""

    test: str
    promise: str
    what: str
    demanded: str
    seen: str
    holds: bool
    trials: int | None = None

    def cells(self) -> list[str]:
        """The columns of the table."""
        verdict = "holds" if self.holds else "BROKEN"
        return [self.promise, self.what, self.demanded, self.seen, self._bound(), verdict]

    def _bound(self) -> str:
        """What none bad among so many says, with 95 % confidence, of how often it could be bad: the rule of three."""
        return f"≤ {3 / self.trials:.2g} of {self.trials:,}" if self.trials and self.holds else "–"


@dataclass
class Proofs:
    """All results of this session."""

    seed: int
    file: Path | None
    lines: list[Line] = field(default_factory=list)
    has_full_figures: bool = False


class Proof:
    """One test's way to say what it saw."""

    def __init__(self, proofs: Proofs, test: str) -> None:
        """`random` are this test's dice: the same for the same seed and test, whichever other tests run."""
        self._proofs = proofs
        self._test = test
        self.seed = proofs.seed
        self.random = random.Random(f"{proofs.seed}/{test}")  # noqa: S311 - dice, no secret
        self.say(f"{test}: seed {proofs.seed}")

    def say(self, text: str) -> None:
        """Print a line of progress."""
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def rounds(self, times: int) -> Iterator[int]:
        """Count from 0 to `times`, and tell now and then how far it is."""
        began = told = time.monotonic()
        for number in range(times):
            yield number
            if (now := time.monotonic()) - told > _PROGRESS_SECONDS:
                self.say(f"  {self._test}: {number + 1} of {times} after {now - began:.0f} s")
                told = now

    def record(
        self,
        promise: str,
        what: str,
        demanded: Figures,
        seen: Figures,
        note: str = "",
        *,
        trials: int | None = None,
        hits: Mapping[str, int] | None = None,
    ) -> None:
        """Compare what was seen with what was demanded; fails when they differ. `note` says more of what was seen.

        `trials` is among how many none was bad, for the 95 % bound. `hits` are the faults by name and how often each
        struck: one that never did makes the proof vacuous, and it fails.
        """
        never = sorted(name for name, times in (hits or {}).items() if not times)
        if hits:
            note = ", ".join(filter(None, [note, f"faults that struck: {_in_words(hits)}"]))
        in_order = {name: seen[name] for name in [*demanded, *(seen.keys() - demanded.keys())] if name in seen}
        told = ", ".join(filter(None, [_in_words(in_order), note]))
        line = Line(
            self._test, promise, what, _in_words(demanded), told, dict(seen) == dict(demanded) and not never, trials
        )
        self._proofs.lines.append(line)
        self.say(" | ".join(line.cells()))
        assert not never, f"{what}: these faults never struck: {', '.join(never)}"
        assert dict(seen) == dict(demanded), f"{what}: {told}"


_PROOFS = pytest.StashKey[Proofs]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the seed and the file, from the command line or from the environment."""
    group = parser.getgroup("proofs")
    group.addoption("--seed", type=int, default=int(os.environ.get("SEED") or random.randrange(10**6)))  # noqa: S311
    file = os.environ.get("PROOF_FILE")
    group.addoption("--proof-file", type=Path, default=Path(file) if file else None)


def pytest_configure(config: pytest.Config) -> None:
    """Begin an empty table."""
    config.stash[_PROOFS] = Proofs(config.getoption("--seed"), config.getoption("--proof-file"))


@pytest.fixture
def proof(request: pytest.FixtureRequest) -> Proof:
    """Where a proof prints its progress and its result, and takes its dice from."""
    proofs = request.config.stash[_PROOFS]
    proofs.has_full_figures |= request.node.get_closest_marker("prove") is not None
    return Proof(proofs, request.node.name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A proof that ends before it could record anything is a line of the table as well."""
    report = yield
    proofs = item.config.stash[_PROOFS]
    uses_proof = "proof" in getattr(item, "fixturenames", ())
    is_told = any(line.test == item.name and not line.holds for line in proofs.lines)
    if report.failed and uses_proof and call.excinfo and not is_told:
        reason = call.excinfo.exconly().splitlines()[0]
        proofs.lines.append(Line(item.name, "?", item.name, "to come to its end", reason[:200], holds=False))
    return report


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Show the table, and write it when a file is named."""
    proofs = config.stash[_PROOFS]
    if not proofs.lines or not (proofs.has_full_figures or proofs.file):
        return
    text = document(proofs)
    terminalreporter.section("proofs")
    terminalreporter.write(text)
    if proofs.file:
        proofs.file.write_text(text)


def document(proofs: Proofs) -> str:
    """The table as a Markdown document, with when, where and from which seed it came about."""
    rows = [["Promise", "What", "Demanded", "Seen", "95 % bound", "Verdict"], ["---"] * 6]
    rows += [[cell.replace("|", "\\|") for cell in line.cells()] for line in proofs.lines]
    broken = sum(not line.holds for line in proofs.lines)
    return "\n".join(
        [
            "# Proofs",
            "",
            "What `make prove` saw. A number is that of a promise; the other rows have a rule's name. The bound is",
            "what none bad among n says with 95 % confidence: at most 3/n are.",
            "",
            f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {machine()}",
            "",
            f"Seed {proofs.seed}: `make prove SEED={proofs.seed}` throws the same dice.",
            "",
            *(f"| {' | '.join(row)} |" for row in rows),
            "",
            f"{len(proofs.lines)} proofs, {broken or 'none'} broken.",
            "",
        ]
    )


def machine() -> str:
    """Cores, system, and the versions of what was at work."""
    libraries = [f"{name} {importlib.metadata.version(name)}" for name in _LIBRARIES if _is_installed(name)]
    system = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    return ", ".join([system, f"Python {platform.python_version()}", f"MariaDB {server_version()}", *libraries])


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _in_words(figures: Figures) -> str:
    return ", ".join(f"{name}: {_number(value)}" for name, value in figures.items())


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
