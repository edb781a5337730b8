"""How long from finalize's answer to the receipt in the mailbox: median and p99 over a number of exchanges.

python bench/receipt_latency.py [COUNT]

Brings up a system of its own on the embedded parts, and drains it. Also prints the idle memory of each process. The
figure that counts for messaging: it spans commit, relay, SNS, SQS, consumer, intent, sender and SES.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil

from skillsync_testing.member import Member
from skillsync_testing.system import System, running

POLL_SECONDS = 0.002
GIVE_UP_SECONDS = 30


def measure(system: System, ana: Member, bo: Member) -> float:
    """Play one exchange; milliseconds from the answer to the second of its two receipts."""
    before = _receipts(system, ana, bo)
    ana.finalized_exchange_with(bo)
    answered = time.perf_counter()
    while _receipts(system, ana, bo) < before + 2:
        if time.perf_counter() - answered > GIVE_UP_SECONDS:
            raise SystemExit("a receipt did not come")
        time.sleep(POLL_SECONDS)
    return (time.perf_counter() - answered) * 1000


def _receipts(system: System, *members: Member) -> int:
    addresses = {member.email for member in members}
    return sum(1 for mail in system.mails() if mail.subject.startswith("Receipt") and mail.recipients <= addresses)


def main() -> None:
    """Print the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as directory, running(Path(directory)) as system:
        for process in system.status["processes"]:
            megabytes = psutil.Process(process["pid"]).memory_info().rss / 1e6
            sys.stdout.write(f"{process['name']:<14} {megabytes:6.0f} MB idle\n")
        ana, bo = system.member("Ana").make_profile(), system.member("Bo").make_profile()
        figures = sorted(measure(system, ana, bo) for _ in range(count))
        median, p99 = statistics.median(figures), figures[int(0.99 * (count - 1))]
        sys.stdout.write(f"{count} exchanges: median {median:.0f} ms, p99 {p99:.0f} ms, longest {figures[-1]:.0f} ms\n")


if __name__ == "__main__":
    main()
