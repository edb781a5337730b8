"""Real worker processes of analytics, over a queue, a dead-letter queue and a database of their own."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import boto3

from skillsync_kit import migrations
from skillsync_kit.events import Event
from skillsync_kit.ids import new_id
from skillsync_testing import Emulator, MariaDB
from skillsync_testing.server import stop_all
from skillsync_testing.two_processes import ServiceProcess

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

__all__ = ["Analytics", "Part", "finalized", "parts", "running"]

# Of the local cloud: nobody else's queues are in it.
ACCOUNT = "400000000004"
_VISIBILITY_SECONDS = 30
_BATCH = 10
_NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)

Part = tuple[str, str, int, int]
"""A row of the read model: member, transaction, minutes given, minutes received."""


def finalized(dice: Random, members: Sequence[str]) -> Event:
    """The event of an exchange of one to three legs among some of these members."""
    legs = {}
    for number in range(dice.randint(1, 3)):
        giver, receiver = dice.sample(members, 2)
        legs[str(number)] = {"giver": giver, "receiver": receiver, "skill": "guitar", "minutes": dice.randint(1, 600)}
    return Event(
        id=new_id(),
        type="transaction.finalized.v1",
        source="/transactions",
        subject=new_id(),
        sequence=4,
        time=_NOON + timedelta(seconds=dice.randint(0, 10**6)),
        data={"from": "accepted", "to": "finalized", "legs": legs},
    )


def parts(event: Event) -> set[Part]:
    """What an exchange is in the read model, added up with a pencil."""
    legs = list(event.data["legs"].values())
    people = {leg[side] for leg in legs for side in ("giver", "receiver")}
    return {
        (
            person,
            event.subject,
            sum(leg["minutes"] for leg in legs if leg["giver"] == person),
            sum(leg["minutes"] for leg in legs if leg["receiver"] == person),
        )
        for person in people
    }


@dataclass(frozen=True)
class Analytics:
    """The running workers, their queues, and their database."""

    sqs: "SQSClient"
    queue_url: str
    dlq_url: str
    mariadb: MariaDB
    database: str
    workers: list[ServiceProcess]

    def send(self, bodies: Sequence[str]) -> list[str]:
        """Send messages as a plain client does; their ids."""
        ids: list[str] = []
        for start in range(0, len(bodies), _BATCH):
            entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies[start : start + _BATCH])]
            answer = self.sqs.send_message_batch(QueueUrl=self.queue_url, Entries=entries)  # type: ignore[arg-type]
            assert not answer.get("Failed"), answer
            ids += [sent["MessageId"] for sent in sorted(answer["Successful"], key=lambda sent: int(sent["Id"]))]
        return ids

    def waiting(self) -> int:
        """How many messages the queue holds, hidden ones too."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.queue_url, AttributeNames=names)  # type: ignore[arg-type]
        return sum(int(count) for count in found["Attributes"].values())

    def take_dead(self) -> list[Any]:
        """Every message of the dead-letter queue, which is empty afterwards."""
        taken: list[Any] = []
        while found := self.sqs.receive_message(QueueUrl=self.dlq_url, MaxNumberOfMessages=10).get("Messages"):
            taken += found
            for message in found:
                self.sqs.delete_message(QueueUrl=self.dlq_url, ReceiptHandle=message["ReceiptHandle"])
        return taken

    def rows(self) -> list[Part]:
        """The read model."""
        found = self.query("SELECT user_id, transaction_id, minutes_given, minutes_received FROM member_exchanges")
        return [(user, id, int(given), int(received)) for user, id, given, received in found]

    def query(self, sql: str) -> list[list[str]]:
        """Rows of the workers' database."""
        return self.mariadb.mysql(sql, self.database)

    def logged(self, event: str) -> Iterator[dict[str, Any]]:
        """What the workers' logs have under this name."""
        for worker in self.workers:
            with worker.log_path.open(errors="replace") as lines:
                yield from (json.loads(line) for line in lines if f'"event": "{event}"' in line)


@contextmanager
def running(
    directory: Path, name: str, emulator: Emulator, mariadb: MariaDB, *, workers: int, max_receives: int = 5
) -> Iterator[Analytics]:
    """Start so many workers; stop them afterwards."""
    aws = emulator.client_environment(ACCOUNT)
    session = boto3.Session(aws["AWS_ACCESS_KEY_ID"], aws["AWS_SECRET_ACCESS_KEY"], region_name=aws["AWS_REGION"])
    sqs = session.client("sqs", endpoint_url=emulator.endpoint_url)
    queue = f"{name}-{new_id()}"
    dlq_url = sqs.create_queue(QueueName=f"{queue}-dlq")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dlq_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = {"deadLetterTargetArn": arn, "maxReceiveCount": str(max_receives)}
    attributes = {"VisibilityTimeout": str(_VISIBILITY_SECONDS), "RedrivePolicy": json.dumps(redrive)}
    queue_url = sqs.create_queue(QueueName=queue, Attributes=attributes)["QueueUrl"]  # type: ignore[arg-type]
    database = mariadb.create_database()
    migrations.upgrade(mariadb.url(database), migrations.migrations_directory("skillsync_analytics"))
    environment = {
        **aws,
        "SKILLSYNC_DATABASE_URL": mariadb.url(database),
        "SKILLSYNC_TOKEN_ISSUER": "http://pool.example",
        "SKILLSYNC_JWKS_URL": "http://pool.example/jwks.json",
        "SKILLSYNC_WEB_CLIENT_ID": "web",
        "SKILLSYNC_QUEUE_URL": queue_url,
    }
    processes = [
        ServiceProcess(directory / f"{name}-{number}", "analytics", "worker", environment) for number in range(workers)
    ]
    try:
        for process in processes:
            process.spawn()
        for process in processes:
            process.wait_until_ready()
        yield Analytics(sqs, queue_url, dlq_url, mariadb, database, processes)
    finally:
        stop_all(processes)
        mariadb.drop_database(database)
