"""The whole of SkillSync as real processes: `skillsync up` in a state directory of its own, on free ports."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import boto3
import httpx2

from skillsync_testing.emulator import REPOSITORY
from skillsync_testing.member import Member
from skillsync_testing.ports import free_port

__all__ = ["Mail", "System", "eventually", "running"]

START_SECONDS = 90.0
STOP_SECONDS = 60.0
POLL_SECONDS = 0.05
_SENDER = "@local.skillsync.example"

Value = TypeVar("Value")


def eventually(look: Callable[[], Value], *, seconds: float = 30, what: str = "the condition") -> Value:
    """Look again and again until the answer is true, and return it; fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s; last seen: {value!r}")
        time.sleep(POLL_SECONDS)
    return value


@dataclass(frozen=True)
class Mail:
    """One mail the local SES sent."""

    sender: str
    recipients: frozenset[str]
    subject: str
    text: str
    sent_at: float


class System:
    """A running system. `status` is what `skillsync status --json` prints."""

    def __init__(self, state_directory: Path, **environment: str) -> None:
        """`environment` are the variables `make up` takes, and SKILLSYNC_FAILPOINTS."""
        self.state_directory = state_directory
        self.failpoints = state_directory / "failpoints"
        self.port = free_port()
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SKILLSYNC_"))},
            "SKILLSYNC_STATE_DIRECTORY": str(state_directory),
            "SKILLSYNC_FAILPOINTS": str(self.failpoints),
            "PORT": str(self.port),
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self.output = state_directory.parent / f"{state_directory.name}.output"

    # --- life ---

    def start(self) -> float:
        """Bring it up; the seconds until ready. Fails with what `up` printed."""
        began = time.monotonic()
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [REPOSITORY / ".venv" / "bin" / "skillsync", "up"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        while not self._is_up():
            if self._process.poll() is not None or time.monotonic() - began > START_SECONDS:
                self.stop()
                raise AssertionError(f"the system did not come up:\n{self.output.read_text()}")
            time.sleep(POLL_SECONDS)
        return time.monotonic() - began

    def stop(self) -> int:
        """Drain it by SIGTERM; its exit status."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise

    def command(self, *arguments: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run the `skillsync` command against this system, for so long at most."""
        return subprocess.run(  # noqa: S603 - our own command
            [REPOSITORY / ".venv" / "bin" / "skillsync", *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    @contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """The `skillsync` command while it runs against this system; killed at the end if it still does."""
        process = subprocess.Popen(  # noqa: S603 - our own command
            [REPOSITORY / ".venv" / "bin" / "skillsync", *arguments],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    @property
    def status(self) -> dict[str, Any]:
        """The state file, whole."""
        found: dict[str, Any] = json.loads((self.state_directory / "state.json").read_text())
        return found

    def process(self, name: str) -> dict[str, Any]:
        """One process of the status."""
        return next(process for process in self.status["processes"] if process["name"] == name)

    def wait_until_ready(self, seconds: float = 30) -> None:
        """Wait until every process is ready (again)."""
        eventually(lambda: self.status["state"] == "ready", seconds=seconds, what="the system is ready")

    # --- what a client sees ---

    def aws(self, service: str) -> Any:
        """A plain boto3 client of the system's AWS."""
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.status["aws_endpoint"],
            region_name=self.status["region"],
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - the emulator's
        )

    def member(self, name: str, *groups: str) -> Member:
        """A new person: signed up at the user pool, in these groups of it, with a token, without a profile."""
        return Member(self.status, self.aws("cognito-idp"), name, *groups)

    def mails(self) -> list[Mail]:
        """All mails that SkillSync sent, in order; not the codes that the user pool itself sends."""
        answer = httpx2.get(f"{self.status['aws_endpoint']}/_ministack/ses/messages").json()
        found = [
            Mail(
                m["Source"],
                frozenset([*m["To"], *m["CC"], *m["BCC"]]),
                m["Subject"],
                m["BodyText"] or "",
                float(m["Timestamp"]),
            )
            for account in answer["messages"].values()
            for m in account
            if m["Source"].endswith(_SENDER)
        ]
        return sorted(found, key=lambda mail: mail.sent_at)

    def mails_to(self, address: str) -> list[Mail]:
        """The mails to one address."""
        return [mail for mail in self.mails() if address in mail.recipients]

    def queues_are_empty(self) -> bool:
        """Whether no message waits or is in anybody's hands."""
        sqs = self.aws("sqs")
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        for queue in self.status["queues"].values():
            counts = sqs.get_queue_attributes(QueueUrl=queue["url"], AttributeNames=names)["Attributes"]
            if any(int(counts[name]) for name in names):
                return False
        return True

    @contextmanager
    def subscribed_queue(self) -> Iterator[Callable[[], list[dict[str, Any]]]]:
        """A queue of one's own on the topic; gives a function that returns all events received so far."""
        sqs, sns = self.aws("sqs"), self.aws("sns")
        url = sqs.create_queue(QueueName=f"test-{time.monotonic_ns()}")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        subscription = sns.subscribe(
            TopicArn=self.status["topic_arn"],
            Protocol="sqs",
            Endpoint=arn,
            Attributes={"RawMessageDelivery": "true"},
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        received: list[dict[str, Any]] = []

        def receive() -> list[dict[str, Any]]:
            answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0)
            for message in answer.get("Messages", []):
                received.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return received

        try:
            yield receive
        finally:
            sns.unsubscribe(SubscriptionArn=subscription)
            sqs.delete_queue(QueueUrl=url)

    # --- faults ---

    def arm(self, process: str, point: str) -> None:
        """Let `process` be killed by SIGKILL when it next passes the failpoint `point`."""
        (self.failpoints / "armed").mkdir(parents=True, exist_ok=True)
        (self.failpoints / "armed" / f"{process}.{point}").touch()

    def is_armed(self, process: str, point: str) -> bool:
        """Whether the kill has not happened yet."""
        return (self.failpoints / "armed" / f"{process}.{point}").exists()

    def hits(self, process: str, point: str) -> int:
        """How often the failpoint was passed."""
        file = self.failpoints / "hits" / f"{process}.{point}"
        return len(file.read_text().splitlines()) if file.exists() else 0

    def _is_up(self) -> bool:
        try:
            # The demo people are seeded after the processes are ready, so `up` is done when it has printed its table.
            return self.status["state"] == "ready" and bool(self.status["people"])
        except (FileNotFoundError, json.JSONDecodeError, KeyError):
            return False


@contextmanager
def running(directory: Path, **environment: str) -> Iterator[System]:
    """A system that is up, and drained afterwards."""
    system = System(directory / "state", **environment)
    try:
        system.start()
        yield system
    finally:
        system.stop()
