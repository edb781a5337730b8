"""What the supervisor is told of one process, and what it tells of it."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypedDict

Kind = Literal["service", "worker", "gateway", "cloud"]
ProcessState = Literal["starting", "ready", "restarting", "draining", "stopped", "failed"]


class ProcessStatus(TypedDict):
    """One entry of `processes` in `status --json`; `restarts` counts those nobody asked for."""

    name: str
    kind: Kind
    pid: int | None
    url: str
    state: ProcessState
    restarts: int


@dataclass(frozen=True)
class Specification:
    """One process to keep running.

    `ready_url` answers 200 when it can work; `live_url` answers at all while its event loop turns. `marker` is part of
    its command line, by which a later run knows it again. `death_signal` is what it gets when the supervisor dies.
    `port`, where there is one, is opened by the supervisor and handed down; without, the process listens by itself.
    """

    name: str
    kind: Kind
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    url: str
    ready_url: str
    live_url: str
    log_file: Path
    directory: Path
    marker: str
    stop_seconds: float = 10.0
    death_signal: signal.Signals = signal.SIGKILL
    port: int | None = None

    @property
    def may_overlap(self) -> bool:
        """Whether its successor may run beside it: one that serves requests, and is told which socket to serve."""
        return self.port is not None and self.kind in ("service", "gateway")


@dataclass(frozen=True)
class Pace:
    """How often health is looked at and how much silence is borne, in seconds. Tests choose less."""

    starting_interval_seconds: float = 0.05
    ready_interval_seconds: float = 1.0
    probe_timeout_seconds: float = 2.0
    start_seconds: float = 60.0
    silence_seconds: float = 15.0
