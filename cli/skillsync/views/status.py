"""`skillsync status`: exactly the state file, corrected when its supervisor no longer runs."""

import json
import sys

from skillsync.local.run import supervisor_process
from skillsync.local.state import read_status
from skillsync.paths import Paths


def show_status(paths: Paths, as_json: bool) -> bool:
    """Print it; True when ready."""
    status = read_status(paths, supervisor_process(paths) is not None)
    if as_json:
        json.dump(status, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        from skillsync.local.tables import make_console, people_table, process_table  # noqa: PLC0415

        console = make_console()
        console.print(f"[bold]{status['state']}[/]  {status['api']}", highlight=False)
        if status["state"] != "stopped":
            details = f"database {status['database']}, cache {status['cache']}, AWS at {status['aws_endpoint']}"
            console.print(f"{details}, user pool {status['user_pool_id']}", highlight=False)
            console.print(process_table(status))
            console.print(people_table(status))
    return status["state"] == "ready"
