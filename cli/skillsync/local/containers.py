"""What `compose.yaml` runs first: databases and stacks, then a file of settings for each service and for the gateway.

Run as `python -m skillsync.local.containers` with DATABASE, CACHE and AWS_ENDPOINT_URL. Containers know their own
addresses only once these files are there.
"""

import json
import os
import shlex
import sys
from pathlib import Path

from skillsync.errors import Problem
from skillsync.local.fleet import GATEWAY, READY, gateway_health
from skillsync.local.migrate import migrate
from skillsync.local.provision import Provision, provision
from skillsync.local.state import write_json
from skillsync.local.wiring import QUEUES, neighbours, queues
from skillsync.options import Options, read_options
from skillsync.paths import OPERATIONS, SERVICES, find_paths

DIRECTORY = Path("/run/skillsync")
PORT = 8000
GATEWAY_URL = "http://127.0.0.1:8080"
URLS = {service: f"http://{service}:{PORT}" for service in (*SERVICES, OPERATIONS)}
# Where the gateway listens in its own container.
GATEWAY_INSIDE = f"http://{GATEWAY}:8080"


def prepare(options: Options, directory: Path) -> None:
    """Make what is missing and write the files. Raises Problem, StackError or TemplateError."""
    paths = find_paths()
    migrate(options.database, paths, lambda service, revision: None)
    endpoint = options.endpoint or ""
    made = provision(endpoint, URLS | {GATEWAY: GATEWAY_URL}, "")
    for service in URLS:
        lines = [f"{name}={shlex.quote(value)}" for name, value in settings(service, options, made).items()]
        write(directory / f"{service}.env", "\n".join([*lines, ""]))
    write_json(directory / "gateway.json", made["gateway_parameters"])


def settings(service: str, options: Options, made: Provision) -> dict[str, str]:
    """The environment of one service's container."""
    own = of_operations(made) if service == OPERATIONS else of_service(service, options, made)
    return neighbours(URLS, options.endpoint or "", GATEWAY_URL, made) | {
        "AWS_ACCESS_KEY_ID": os.environ["AWS_ACCESS_KEY_ID"],
        "AWS_SECRET_ACCESS_KEY": os.environ["AWS_SECRET_ACCESS_KEY"],
        "AWS_DEFAULT_REGION": made["region"],
        "SKILLSYNC_HOST": "0.0.0.0",  # noqa: S104 - a container's own network
        "SKILLSYNC_PORT": str(PORT),
        "SKILLSYNC_CACHE_URL": options.cache,
        **own,
    }


def of_service(service: str, options: Options, made: Provision) -> dict[str, str]:
    """What a service has, and the operators' API has not."""
    return {
        "SKILLSYNC_DATABASE_URL": options.database.url(service, Path("/nowhere")),
        "SKILLSYNC_QUEUE_URL": made["outputs"][f"{QUEUES[service]}QueueUrl"],
    }


def of_operations(made: Provision) -> dict[str, str]:
    """What the operators' API looks at."""
    processes = {name: url + READY for name, url in URLS.items()} | {GATEWAY: gateway_health(GATEWAY_INSIDE)}
    return {"SKILLSYNC_QUEUES": json.dumps(queues(made["outputs"])), "SKILLSYNC_PROCESSES": json.dumps(processes)}


def write(file: Path, text: str) -> None:
    """It holds a password: for its owner alone."""
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")


def main() -> None:
    """Entry point: what is wrong is one line on stderr, and exit status 1."""
    from skillsync.stacks import StackError  # noqa: PLC0415 - boto takes half a second
    from skillsync.templates import TemplateError  # noqa: PLC0415

    given = {name: os.environ.get(name, "") for name in ("DATABASE", "CACHE", "AWS_ENDPOINT_URL")}
    try:
        missing = [name for name, value in given.items() if not value]
        if missing:
            raise Problem(f"{missing[0]} is not set: compose.yaml sets it.")
        prepare(read_options("", given["DATABASE"], given["CACHE"], given["AWS_ENDPOINT_URL"], ""), DIRECTORY)
    except (Problem, StackError, TemplateError) as problem:
        sys.exit(f"prepare: {problem}")


if __name__ == "__main__":
    main()
