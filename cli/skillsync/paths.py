"""Where things lie: the checkout and the state directory of the local run."""

import os
from dataclasses import dataclass
from pathlib import Path

from skillsync.errors import Problem

STATE_DIRECTORY_VARIABLE = "SKILLSYNC_STATE_DIRECTORY"
SERVICES = ("users", "transactions", "notifications", "analytics")
# The operators' API: a process without a database or a queue of its own.
OPERATIONS = "operations"


@dataclass(frozen=True)
class Paths:
    """Every path of a local run. `state` is private to its owner (mode 0700): it holds passwords of demo people."""

    root: Path
    state: Path

    @property
    def state_file(self) -> Path:
        """What `skillsync status --json` prints."""
        return self.state / "state.json"

    @property
    def run_file(self) -> Path:
        """Process ids and start times of the supervisor and its children."""
        return self.state / "run.json"

    @property
    def ports_file(self) -> Path:
        """Ports of the last run, taken again when they are free."""
        return self.state / "ports.json"

    @property
    def jobs_file(self) -> Path:
        """Each service's environment, for jobs beside the running processes."""
        return self.state / "jobs.json"

    @property
    def lock_file(self) -> Path:
        return self.state / "lock"

    @property
    def clock_file(self) -> Path:
        """The seconds by which the services' clock is moved, while `skillsync seed` plays; else it is not there."""
        return self.state / "clock"

    @property
    def seed_lock_file(self) -> Path:
        return self.state / "seed.lock"

    @property
    def control(self) -> Path:
        """The socket by which commands reach the running supervisor."""
        return self.state / "control"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def databases(self) -> Path:
        """SQLite files, one per service."""
        return self.state / "database"

    @property
    def cloud(self) -> Path:
        """What the emulator keeps between runs."""
        return self.state / "cloud"

    @property
    def cloud_python(self) -> Path:
        """The interpreter of the emulator's own environment."""
        return self.root / "cloud" / ".venv" / "bin" / "python"

    @property
    def edge_template(self) -> Path:
        return self.root / "infra" / "templates" / "edge.yaml"

    @property
    def web_build(self) -> Path:
        """The built web app."""
        return self.root / "web" / "dist"

    @property
    def gateway_parameters(self) -> Path:
        return self.state / "gateway.json"

    @property
    def people_file(self) -> Path:
        """The tag in the demo people's addresses, when they have one."""
        return self.state / "people.json"

    def log(self, process: str) -> Path:
        return self.logs / f"{process}.log"

    def migrations(self, service: str) -> Path:
        return self.root / "services" / service / "migrations"

    def make_directories(self) -> None:
        """Create the state directory, readable by its owner alone."""
        for directory in (self.state, self.logs, self.databases, self.cloud):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.state.chmod(0o700)


def find_root(start: Path) -> Path | None:
    """The nearest folder at or above `start` that has `infra/stacks.yaml`."""
    for folder in (start, *start.parents):
        if (folder / "infra" / "stacks.yaml").is_file():
            return folder
    return None


def find_paths() -> Paths:
    """Paths of the checkout that holds this command, else of the one around the current directory."""
    root = find_root(Path(__file__).resolve().parent) or find_root(Path.cwd())
    if root is None:
        raise Problem("No SkillSync checkout here: go to the folder that has infra/stacks.yaml and try again.")
    chosen = os.environ.get(STATE_DIRECTORY_VARIABLE)
    return Paths(root=root, state=Path(chosen).resolve() if chosen else root / ".skillsync")
