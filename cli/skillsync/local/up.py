"""`skillsync up`: bring the system up, stay with it, and take it down at Ctrl-C or SIGTERM."""

import asyncio
import signal

from rich.console import Console

from skillsync.local import preflight
from skillsync.local.clock import move_back
from skillsync.local.control import Control
from skillsync.local.progress import Progress
from skillsync.local.run import clean_leftovers, take_lock
from skillsync.local.system import System
from skillsync.local.tables import print_system
from skillsync.options import Options
from skillsync.paths import Paths

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def up(options: Options, paths: Paths, console: Console) -> None:
    """Returns after a drain. Raises Problem when the system did not come up; then nothing is left running."""
    paths.make_directories()
    lock = take_lock(paths)
    try:
        progress = Progress(console)
        for leftover in clean_leftovers(paths):
            progress.note(f"{leftover.name} (pid {leftover.pid}) was left by a run that died, and has been ended.")
        if move_back(paths.clock_file):
            progress.note(
                "The clock was left in the past by a `skillsync seed` that died: it shows the real time again."
            )
        preflight.check(options, paths)
        asyncio.run(_run(options, paths, progress))
    finally:
        lock.release()


async def _run(options: Options, paths: Paths, progress: Progress) -> None:
    loop = asyncio.get_running_loop()
    started = loop.time()
    system = System(options, paths, progress)
    stop_wanted = asyncio.Event()

    def on_signal() -> None:
        if stop_wanted.is_set():
            system.supervisor.hurry()  # the second Ctrl-C
        stop_wanted.set()

    for number in SIGNALS:
        loop.add_signal_handler(number, on_signal)
    control = Control(paths.control, system.restart_order, system.restart)
    if not await control.open():
        progress.note("`skillsync restart` will not reach this run: the path of its state directory is too long.")
    bringing_up = asyncio.create_task(system.bring_up())
    stopping = asyncio.create_task(stop_wanted.wait())
    try:
        await asyncio.wait({bringing_up, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if bringing_up.done():
            bringing_up.result()
            print_system(progress.console, system.document.status, loop.time() - started)
            await stopping
    finally:
        bringing_up.cancel()
        await asyncio.wait({bringing_up})
        await control.close()
        with progress.step("Drained: nothing runs any more"):
            await system.shut_down()
