"""`--profile`: where this service's CPU time goes at one operation, by layer and by function."""

import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from bench.client import LoadError
from bench.load import Implementation, Measured
from bench.measure import rounds, warm_up
from bench.operations import Exchange, Operation
from bench.sampling import BEGIN, END
from bench.stage import SERVICE, stage

__all__ = ["PROFILE_ROUNDS", "Profile", "layer_of", "profile_service", "show_profile"]

PROFILE_ROUNDS = 3
_SHOWN = 25
_WAIT_SECONDS = 10
_EVENT_LOOP = "event loop, sockets, rest"

# The innermost frame that is in one of these tells the layer. The driver is compiled and has no frames of its own: what
# it does is seen at the line of `greenlet_spawn` that waits for it.
_LAYERS: Sequence[tuple[str, str]] = (
    ("opentelemetry", "tracing"),
    ("skillsync_kit/telemetry", "tracing"),
    ("structlog", "log line"),
    ("asyncmy", "driver (asyncmy)"),
    ("skillsync_kit/mysql", "driver (asyncmy)"),
    ("sqlalchemy/util/concurrency.py:greenlet_spawn", "driver (asyncmy)"),
    ("sqlalchemy/util/concurrency", "greenlet hop"),
    ("sqlalchemy/ext/asyncio", "greenlet hop"),
    ("sqlalchemy/connectors/asyncio", "driver adapter of SQLAlchemy"),
    ("sqlalchemy/dialects/mysql", "driver adapter of SQLAlchemy"),
    ("sqlalchemy/pool", "connection pool"),
    ("sqlalchemy/sql/cache_key", "statement: cache key"),
    ("sqlalchemy/sql/compiler", "statement: values and text"),
    ("sqlalchemy/sql", "statement: building, types"),
    ("sqlalchemy/engine/cursor", "rows and results"),
    ("sqlalchemy/engine/result", "rows and results"),
    ("sqlalchemy/engine/row", "rows and results"),
    ("sqlalchemy", "statement: execution"),
    ("stamina", "retry"),
    ("tenacity", "retry"),
    ("skillsync_kit/database", "unit of work"),
    ("fastapi/dependencies", "dependencies and validation"),
    ("fastapi/_compat", "dependencies and validation"),
    ("fastapi", "routing and middleware"),
    ("starlette", "routing and middleware"),
    ("skillsync_kit/app", "routing and middleware"),
    ("skillsync_kit/routing", "routing and middleware"),
    ("skillsync_kit/auth", "token"),
    ("jwt", "token"),
    ("skillsync_kit/idempotency", "idempotency"),
    ("pydantic", "shapes (pydantic)"),
    ("skillsync_transactions/schemas", "shapes (pydantic)"),
    ("skillsync_transactions/router", "shapes (pydantic)"),
    ("uvicorn", "http server"),
    ("cashews", "names (cache)"),
    ("skillsync_kit/cache", "names (cache)"),
    ("httpx2", "names (users service)"),
    ("skillsync_kit/http_client", "names (users service)"),
    ("skillsync_transactions/clients", "names (cache)"),
    ("skillsync_transactions/repository", "repository"),
    ("skillsync_transactions/entities", "entities"),
    ("skillsync_transactions/events", "entities"),
    ("skillsync_transactions/service", "service"),
    ("skillsync_kit/events", "outbox"),
    ("skillsync_kit/outbox", "outbox"),
    ("skillsync_kit", "kit, other"),
)


@dataclass
class Profile:
    """Samples: how many, by layer, by function alone, and by function with all it called; and what they are of."""

    requests: int
    cpu_seconds: float
    samples: int = 0
    layers: Counter[str] = field(default_factory=Counter)
    own: Counter[str] = field(default_factory=Counter)
    inclusive: Counter[str] = field(default_factory=Counter)

    def add(self, stack: Sequence[str], count: int) -> None:
        """Count a stack, innermost function first."""
        self.samples += count
        self.layers[next(filter(None, map(layer_of, stack)), _EVENT_LOOP)] += count
        self.own[stack[0]] += count
        for function in set(stack):
            self.inclusive[function] += count


def layer_of(function: str) -> str | None:
    """The layer of a `module/path.py:function`; None when it is in none, as the standard library is."""
    return next((layer for start, layer in _LAYERS if function.startswith(start)), None)


def profile_service(operation: Operation, requests: int, people: int, progress: Callable[[str], None]) -> Profile:
    """Sample the service, alone, under the load of one operation."""
    with tempfile.TemporaryDirectory() as directory:
        target = Path(directory) / "samples.json"
        with stage([SERVICE], people, progress, profile=target) as ready:
            warm_up(ready.implementations, ready.people, progress)
            sampled = _Sampled(ready.implementations[0], operation, target)
            found = list(
                rounds(
                    [sampled],
                    ready.database,
                    ready.people,
                    count=PROFILE_ROUNDS,
                    requests=requests,
                    operations=[operation],
                    progress=progress,
                )
            )
        measured = [sample.measured for sample in found]
        profile = Profile(sum(m.requests for m in measured), sum(m.service_cpu_seconds for m in measured))
        for stack, count in _read(target):
            profile.add(stack, count)
    return profile


def _read(path: Path) -> list[tuple[list[str], int]]:
    """The samples in a file."""
    stacks: list[tuple[list[str], int]] = json.loads(path.read_text())
    return stacks


def show_profile(console: Console, operation: Operation, profile: Profile) -> None:
    """Print the layers, then the functions, in microseconds of a request."""
    milliseconds = profile.cpu_seconds / profile.requests * 1000
    console.print(
        f"{operation}: {profile.requests} requests, {milliseconds:.2f} ms CPU each, {profile.samples} samples",
        highlight=False,
    )
    each = milliseconds * 1000 / max(profile.samples, 1)
    for title, counted, shown in (
        ("Layers, by the innermost frame of one", profile.layers, None),
        ("Functions, alone", profile.own, _SHOWN),
        ("Functions, with all they call", profile.inclusive, 2 * _SHOWN),
    ):
        table = Table(title=title, title_justify="left")
        table.add_column("µs", justify="right")
        table.add_column("share", justify="right")
        table.add_column("where", overflow="fold")
        for name, count in counted.most_common(shown):
            table.add_row(f"{count * each:.0f}", f"{count / profile.samples:.1%}", name)
        console.print(table)


class _Sampled:
    """An implementation that is sampled while it does one of its operations."""

    def __init__(self, inner: Implementation, operation: Operation, target: Path) -> None:
        self.name = inner.name
        self.pid = inner.pid
        self._inner = inner
        self._operation = operation
        self._target = target

    def run(self, operation: Operation, exchanges: Sequence[Exchange]) -> Measured:
        """See Implementation."""
        if operation is not self._operation:
            return self._inner.run(operation, exchanges)
        self._target.unlink(missing_ok=True)
        os.kill(self.pid, BEGIN)
        measured = self._inner.run(operation, exchanges)
        os.kill(self.pid, END)
        until = time.monotonic() + _WAIT_SECONDS
        while not self._target.exists():
            if time.monotonic() > until or not psutil.pid_exists(self.pid):
                raise LoadError("the service wrote no samples")
            time.sleep(0.01)
        return measured
