"""Start a command that cannot outlive the supervisor: python launcher.py SUPERVISOR_PID SIGNAL COMMAND…

The kernel sends SIGNAL when the supervisor dies, however it dies. This runs in the child before its exec, in an
interpreter without site packages (some 15 ms), because code between fork and exec of a process with threads may
deadlock. The setting survives the exec. Where there is no prctl the next `up` ends what was left.
"""

import contextlib
import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    supervisor, signal_number, command = int(arguments[0]), int(arguments[1]), arguments[2:]
    with contextlib.suppress(AttributeError, OSError):  # not Linux
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal_number)
    if os.getppid() != supervisor:
        sys.exit(1)  # it died before the kernel was told
    try:
        os.execv(command[0], command)  # noqa: S606 - the supervisor's own argument list, no shell
    except OSError as error:
        sys.exit(f"cannot start {command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
