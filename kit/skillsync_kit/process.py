"""A service's process: its roles, its start, and its drain.

    python -m skillsync_<service>.main {all|api|worker}

`api` serves HTTP, `worker` consumes and answers the probes alone, `all` does both on one event loop.
"""

import asyncio
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeVar, get_args

import uvicorn
import uvloop
from fastapi import FastAPI

from skillsync_kit import failpoints, metrics, settings, telemetry
from skillsync_kit.app import Health, create_health_app
from skillsync_kit.errors import Unavailable
from skillsync_kit.server import Server, inherit
from skillsync_kit.telemetry import log

__all__ = ["Job", "Loop", "Parts", "Role", "run"]

Role = Literal["all", "api", "worker"]
Loop = Callable[[asyncio.Event], Awaitable[None]]
"""Work that goes on until the event is set, then finishes what it has in hand."""

Job = Callable[[Sequence[str]], None]
"""What a process does in place of a role, told by its arguments; see `jobs`."""

SomeSettings = TypeVar("SomeSettings", bound=settings.Settings)

# Longer than a load balancer keeps an idle connection (60 s on AWS), or it sends into one that is being closed.
_KEEP_ALIVE_SECONDS = 75
# After the drain: for the requests and messages in hand, then for the events that they committed. Whatever is not done
# by then is safe to cut off: a client repeats with its key, a message comes back, a row stays in the outbox.
_FINISH_SECONDS = 20
_WARM_AGAIN_SECONDS = 0.5
_RELAY_SECONDS = 5
_CONNECTIONS = 1000
# libuv accepts one connection of a listener in each turn of the loop: when turns are long, new connections, and the
# probes among them, would wait for seconds in the kernel's queue, where no priority and no refusal reaches them.
_MORE_ACCEPTORS = 15


@dataclass(frozen=True)
class Parts:
    """What a composition root makes: the app, and the loops of each role.

    `worker_loops` take work in, so they stop first at a drain; `relay_loops` run in every role and stop last, after the
    last request has committed its events.
    """

    app: FastAPI
    health: Health
    worker_loops: tuple[Loop, ...] = ()
    relay_loops: tuple[Loop, ...] = ()
    warm: tuple[Callable[[], Awaitable[None]], ...] = field(default=())


Build = Callable[[AsyncExitStack, SomeSettings], Awaitable[Parts]]


def run(
    name: str, kind: type[SomeSettings], build: Build[SomeSettings], jobs: Mapping[str, Job] = MappingProxyType({})
) -> None:
    """Run the process until SIGTERM or SIGINT, or one of its jobs. A wrong call of it: exit status 2."""
    arguments = sys.argv[1:] or ["all"]
    if arguments[0] in jobs:
        jobs[arguments[0]](arguments[1:])
        return
    if len(arguments) != 1 or arguments[0] not in get_args(Role):
        sys.stderr.write(f"{name}: say which role to run: {', '.join([*get_args(Role), *jobs])}\n")
        raise SystemExit(2)
    role: Role = arguments[0]  # type: ignore[assignment]
    chosen = settings.load(kind)
    process = name if role != "worker" else f"{name}-worker"
    telemetry.configure(process, chosen.log_level)
    metrics.configure(chosen.environment)
    failpoints.configure(chosen.failpoints, name)
    try:
        listener = _listen(chosen)
    except OSError as error:
        where = f"{chosen.host}:{chosen.port}" if chosen.listener is None else f"file descriptor {chosen.listener}"
        sys.stderr.write(f"{process}: cannot listen on {where}: {error.strerror}\n")
        raise SystemExit(2) from None
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(role, chosen, build, listener))


def _listen(chosen: settings.Settings) -> socket.socket:
    if chosen.listener is not None:
        return inherit(chosen.listener)
    return socket.create_server((chosen.host, chosen.port), backlog=2048)


async def _serve(role: Role, chosen: SomeSettings, build: Build[SomeSettings], listener: socket.socket) -> None:
    draining = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, draining.set)
    async with AsyncExitStack() as stack:
        parts = await build(stack, chosen)
        server = _server(parts.app if role != "worker" else create_health_app(parts.health))
        stop_taking, stop_relaying = asyncio.Event(), asyncio.Event()
        takers = [loop(stop_taking) for loop in parts.worker_loops] if role != "api" else []
        relays = [loop(stop_relaying) for loop in (*parts.relay_loops, metrics.run)]
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(server.serve([listener, *(listener.dup() for _ in range(_MORE_ACCEPTORS))]))
            taking = [group.create_task(_must_not_end(taker, stop_taking)) for taker in takers]
            relaying = [group.create_task(_must_not_end(relay, stop_relaying)) for relay in relays]
            await _either(group.create_task(_warm(parts)), draining)
            if not draining.is_set():
                parts.health.is_ready = True
                log.info("ready", role=role, port=listener.getsockname()[1])
            await draining.wait()
            log.info("draining")
            parts.health.is_ready = False
            stop_taking.set()
            # The balancer goes on sending until it has seen the probe fail. An inherited listener has no balancer: a
            # successor may accept from it already, and connections wait in its backlog until there is one.
            await server.drain(chosen.drain_seconds, goes_on_accepting=chosen.listener is None)
            # The server keeps its own bound for requests.
            await asyncio.gather(serving, _finish(taking, _FINISH_SECONDS))
            stop_relaying.set()
            await _finish(relaying, _RELAY_SECONDS)
    log.info("stopped")


async def _warm(parts: Parts) -> None:
    """Warm up, however long what is needed for it is away: not ready until then, but no crash loop either."""
    for warm in parts.warm:
        while True:
            try:
                await warm()
                break
            except Unavailable as error:
                log.warning("not ready yet", reason=error.detail)
                await asyncio.sleep(_WARM_AGAIN_SECONDS)


async def _either(one: asyncio.Task[None], other: asyncio.Event) -> None:
    """Wait until the task has ended or the event is set; then the task is cancelled."""
    waiting = asyncio.ensure_future(other.wait())
    try:
        await asyncio.wait({one, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        one.cancel()


async def _finish(tasks: Collection[asyncio.Task[None]], seconds: float) -> None:
    """Let the tasks end, at most for so long."""
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=seconds)
    for task in late:
        task.cancel()
    if late:
        log.warning("cut off at the end", loops=len(late), seconds=seconds)


async def _must_not_end(loop: Awaitable[None], stopping: asyncio.Event) -> None:
    """A loop that ends by itself is a defect; the process ends with it, and its supervisor starts another."""
    await loop
    if not stopping.is_set():
        raise RuntimeError("a loop of this process ended by itself")


def _server(app: FastAPI) -> Server:
    return Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            date_header=True,
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_FINISH_SECONDS,
            limit_concurrency=_CONNECTIONS,
        )
    )
