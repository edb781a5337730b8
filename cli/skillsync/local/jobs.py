"""What a one-off job beside the running system needs: each service's environment, in `jobs.json` of the state."""

from collections.abc import Iterable

from skillsync.errors import Problem
from skillsync.local.state import read_json, write_json
from skillsync.paths import SERVICES, Paths
from skillsync.supervision.specification import Specification


def write_environments(paths: Paths, specifications: Iterable[Specification]) -> None:
    """Note the environment of each service's own process; readable by the owner alone, for it may hold passwords."""
    write_json(paths.jobs_file, {one.name: dict(one.environment) for one in specifications if one.name in SERVICES})


def read_environment(paths: Paths, service: str) -> dict[str, str]:
    """The environment of a service's process in the run that is up. Raises Problem when there is none."""
    found = read_json(paths.jobs_file).get(service)
    if not isinstance(found, dict):
        raise Problem(f"It is not known how {service} runs here: `skillsync down`, then `make up`.")
    return found
