"""The AWS side of the local system: the emulator, unless an endpoint was given, and what is made at it."""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from skillsync.local import fleet
from skillsync.local.fleet import CLOUD, Address
from skillsync.local.progress import Progress
from skillsync.local.provision import Provision
from skillsync.local.state import read_json
from skillsync.local.step import run_step
from skillsync.options import Options
from skillsync.paths import Paths
from skillsync.supervision.process import SupervisedProcess
from skillsync.supervision.supervisor import Supervisor


class Cloud:
    """`endpoint` is where AWS is, `process` the emulator or None.

    The emulator saves its state at a clean stop alone. A marker file is there while it holds what is on no disk.
    """

    def __init__(self, options: Options, paths: Paths, address: Address | None, progress: Progress) -> None:
        self.endpoint = options.endpoint or (address.url if address else "")
        self.process: SupervisedProcess | None = None
        self._options = options
        self._paths = paths
        self._address = address
        self._progress = progress
        self._marker = paths.cloud / "unsaved"

    async def start(self, supervisor: Supervisor) -> None:
        """Start the emulator; with an endpoint given there is nothing to do."""
        if self._address is None:
            return
        if self._marker.exists():
            self._progress.note(
                f"The emulator was not stopped by SkillSync. It last saved its state: {self.last_saved()}; "
                "whoever signed up later is unknown to its user pool and must sign up again."
            )
        with self._progress.step("The emulator runs"):
            base = fleet.base_environment(self._options)
            specification = fleet.cloud_specification(self._paths, base, self._address)
            self._marker.write_text(f"{time.time()}\n", encoding="utf-8")
            self.process = supervisor.start(specification)
            await supervisor.require_ready([CLOUD])

    async def provision(self, process_urls: Mapping[str, str]) -> Provision:
        """Make the stacks and the people that are missing. Raises Problem."""
        tag = str(read_json(self._paths.people_file).get("tag", ""))
        arguments = (self.endpoint, json.dumps(dict(process_urls)), tag)
        environment = fleet.base_environment(self._options)
        output = await run_step("skillsync.local.provision", arguments, environment)
        result: Provision = json.loads(output)
        return result

    async def save(self, supervisor: Supervisor) -> None:
        """Restart the emulator cleanly, so that a crash later on does not take away what was just made."""
        if self.process is None:
            return
        with self._progress.step("The emulator saved the new user pool"):
            await self.process.restart()
            await supervisor.require_ready([CLOUD])

    def note_end(self) -> None:
        """After the drain: a clean exit has saved everything."""
        if self.process is not None and self.process.exit_code == 0:
            self._marker.unlink(missing_ok=True)

    def last_saved(self) -> str:
        """When, in local time; "never" when there is no saved state."""
        # The stacks are in this one: it is written at every save.
        file = self._paths.cloud / "state" / "cloudformation.json"
        try:
            moment = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        except FileNotFoundError:
            return "never"
        return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"
