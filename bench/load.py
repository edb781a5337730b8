"""Each implementation as the measurement sees it: something that does an operation for many exchanges, and its cost."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import psutil

from bench.client import HttpJob, Outcome
from bench.operations import EXPECTED_STATUS, Exchange, Operation, request_of
from bench.peers.floor import FloorJob
from bench.workers import Worker
from skillsync_kit.ids import new_id

__all__ = ["CONNECTIONS", "Floor", "HttpImplementation", "Implementation", "Measured"]

CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Measured:
    """What an operation took for some exchanges. `load_cpu_seconds` is what the load generator itself used."""

    requests: int
    seconds: float
    latencies: Sequence[float]
    service_cpu_seconds: float
    load_cpu_seconds: float


class Implementation(Protocol):
    """One way to do the operations."""

    name: str
    pid: int

    def run(self, operation: Operation, exchanges: Sequence[Exchange]) -> Measured:
        """Do the operation once for each exchange. Raises LoadError when one of them fails."""
        ...


class HttpImplementation:
    """A server, under the load that another process makes."""

    def __init__(self, name: str, pid: int, port: int, generator: Worker[HttpJob]) -> None:
        self.name = name
        self.pid = pid
        self._port = port
        self._generator = generator
        self._process = psutil.Process(pid)

    def run(self, operation: Operation, exchanges: Sequence[Exchange]) -> Measured:
        """See Implementation."""
        creates = operation is Operation.CREATE
        job = HttpJob(
            self._port,
            [request_of(operation, exchange, new_id) for exchange in exchanges],
            EXPECTED_STATUS[operation],
            CONNECTIONS,
            keep_bodies=creates,
        )
        before = cpu_seconds(self._process)
        outcome = self._generator.run(job)
        used = cpu_seconds(self._process) - before
        if creates:
            for exchange, body in zip(exchanges, outcome.bodies, strict=True):
                exchange.id = json.loads(body)["id"]
        return Measured(len(exchanges), outcome.seconds, outcome.latencies, used, outcome.cpu_seconds)


class Floor:
    """The bare statements, in the process that would make the load: its CPU is what the driver alone costs."""

    def __init__(self, name: str, database_url: str, worker: Worker[FloorJob]) -> None:
        self.name = name
        self.pid = worker.pid
        self._database_url = database_url
        self._worker = worker

    def run(self, operation: Operation, exchanges: Sequence[Exchange]) -> Measured:
        """See Implementation."""
        outcome: Outcome = self._worker.run(
            FloorJob(
                self._database_url,
                operation,
                [(exchange.id, exchange.author.id, exchange.other.id) for exchange in exchanges],
                CONNECTIONS,
            )
        )
        if operation is Operation.CREATE:
            for exchange, id in zip(exchanges, outcome.bodies, strict=True):
                exchange.id = id.decode()
        return Measured(len(exchanges), outcome.seconds, outcome.latencies, outcome.cpu_seconds, 0.0)


def cpu_seconds(process: psutil.Process) -> float:
    """The CPU time that a process has used, in user and in kernel mode."""
    times = process.cpu_times()
    return float(times.user + times.system)
