"""The running system, as a command beside it sees it."""

import os
from typing import Any

from skillsync.errors import Problem
from skillsync.local.run import supervisor_process
from skillsync.local.state import Status, read_status
from skillsync.paths import Paths


def require_running(paths: Paths) -> Status:
    """The state of a system that runs. Raises Problem when none does."""
    status = read_status(paths, supervisor_process(paths) is not None)
    if status["state"] in ("stopped", "draining") or not status["client_id"]:
        raise Problem("SkillSync does not run here, or is not there yet: start it with `make up`, wait for its table.")
    return status


def client(status: Status, service: str, *, read_timeout_seconds: float = 30) -> Any:
    """A boto3 client of the running system's AWS."""
    from skillsync.local.fleet import LOCAL_CREDENTIAL  # noqa: PLC0415
    from skillsync.local.pool import make_client  # noqa: PLC0415

    os.environ.setdefault("AWS_ACCESS_KEY_ID", LOCAL_CREDENTIAL)
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", LOCAL_CREDENTIAL)
    return make_client(service, status["aws_endpoint"], status["region"], read_timeout_seconds=read_timeout_seconds)
