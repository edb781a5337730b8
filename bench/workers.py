"""Processes of their own that take jobs through a pipe: the load generator, and the floor."""

import asyncio
import multiprocessing
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from typing import Generic, TypeVar

import uvloop

from bench.client import LoadError, Outcome

__all__ = ["Worker"]

Job = TypeVar("Job")
_STOP_SECONDS = 10


class Worker(Generic[Job]):
    """A child process that runs one coroutine function on each job it is sent, on one event loop."""

    def __init__(self, name: str, work: Callable[[Job], Awaitable[Outcome]]) -> None:
        """Start the process. `work` is found again in the child by its name, so it lies in a module."""
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, work), name=name, daemon=True)
        self._process.start()
        theirs.close()
        self._name = name

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process.pid is not None
        return self._process.pid

    def run(self, job: Job) -> Outcome:
        """Have a job done. Raises LoadError when it fails there, or the process is gone."""
        try:
            self._pipe.send(job)
            answer = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise LoadError(f"the process {self._name} ended") from error
        if isinstance(answer, Outcome):
            return answer
        raise LoadError(f"{self._name}: {answer}")

    def stop(self) -> None:
        """Let the process end, and end it when it does not."""
        self._pipe.close()
        self._process.join(_STOP_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _serve(pipe: Connection, work: Callable[[Job], Awaitable[Outcome]]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        while True:
            try:
                job = pipe.recv()
            except (EOFError, KeyboardInterrupt):
                return
            try:
                pipe.send(runner.run(_awaited(work, job)))
            except Exception as error:
                pipe.send(f"{type(error).__name__}: {error}" if not isinstance(error, LoadError) else str(error))


async def _awaited(work: Callable[[Job], Awaitable[Outcome]], job: Job) -> Outcome:
    return await work(job)
