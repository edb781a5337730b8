"""Run a step of `up` in a process of its own.

Provisioning and migrating import a lot: beside the supervisor they run at once, and their memory is given back.
"""

import asyncio
import signal
import sys
from collections.abc import Mapping

from skillsync.errors import Problem
from skillsync.supervision.child import launched


async def run_step(module: str, arguments: tuple[str, ...], environment: Mapping[str, str]) -> str:
    """`python -m module arguments`; what it wrote to stdout. Raises Problem with its last line on stderr if it fails.

    When this is cancelled, or the supervisor dies, the step is killed.
    """
    step = await asyncio.create_subprocess_exec(
        *launched((sys.executable, "-m", module, *arguments), signal.SIGKILL),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(environment),
        start_new_session=True,
    )
    try:
        output, complaint = await step.communicate()
    except asyncio.CancelledError:
        if step.returncode is None:
            step.kill()
            await step.wait()
        raise
    if step.returncode != 0:
        lines = [line.strip() for line in complaint.decode(errors="replace").splitlines() if line.strip()]
        raise Problem(lines[-1] if lines else f"{module} ended with status {step.returncode} and said nothing.")
    return output.decode()
