"""One consumer's queues in a cloud account of the test's own, beside services that answer what a test plans."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import boto3
import pytest

from skillsync.local.state import Status, empty_status
from skillsync.operations.dlq import Desk
from skillsync.operations.services import Services
from skillsync.supervision.specification import ProcessStatus
from skillsync_testing.emulator import Emulator

_accounts = itertools.count(555_000_000_001)
SECRET = "a-secret-of-the-worker"  # noqa: S105 - the test's own
TOKEN = "a-token-of-the-worker"  # noqa: S105


class Cloud:
    """The queue `user`, its DLQ and its subscription's DLQ."""

    def __init__(self, emulator: Emulator, services_url: str) -> None:
        self.account = str(next(_accounts))
        self.environment = emulator.client_environment(self.account)
        self.sqs = self.client("sqs", emulator.endpoint_url)
        names = {
            "url": "test-user-queue",
            "dlq_url": "test-user-dlq",
            "subscription_dlq_url": "test-user-subscription-dlq",
        }
        urls: dict[str, Any] = {key: self.sqs.create_queue(QueueName=name)["QueueUrl"] for key, name in names.items()}
        self.url, self.dlq_url, self.subscription_dlq_url = urls.values()
        process = ProcessStatus(name="users", kind="service", pid=1, url=services_url, state="ready", restarts=0)
        self.status: Status = {
            **empty_status(),
            "aws_endpoint": emulator.endpoint_url,
            "region": "us-east-1",
            "queues": {"user": urls},  # type: ignore[dict-item]
            "processes": [process, {**process, "name": "transactions"}, {**process, "name": "notifications"}],
        }

    def client(self, service: str, endpoint: str) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id=self.account,
            aws_secret_access_key="test",  # noqa: S106 - the emulator takes any
        )

    def put(self, url: str, body: str = "a message", **attributes: str) -> str:
        """Put a message on a queue; its id."""
        sent: dict[str, Any] = self.sqs.send_message(
            QueueUrl=url,
            MessageBody=body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        )
        return str(sent["MessageId"])

    def take(self, url: str) -> list[dict[str, Any]]:
        """What is visible on a queue now, deleted from it."""
        found: list[dict[str, Any]] = []
        while messages := self.sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=0,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        ).get("Messages"):
            for message in messages:
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            found += messages
        return found

    def bodies(self, url: str) -> list[str]:
        return sorted(message["Body"] for message in self.take(url))


@pytest.fixture
def cloud(emulator: Emulator, answers: Any, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    made = Cloud(emulator, answers.url)
    # A session remembers the credentials it found first, and those are another test's.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture
def services(cloud: Cloud, answers: Any) -> Services:
    """The stub as every service and as the token endpoint; the secret is in the account's Secrets Manager."""
    secrets = cloud.client("secretsmanager", cloud.status["aws_endpoint"])
    arn = secrets.create_secret(Name="worker", SecretString=SECRET)["ARN"]
    answers.plan("POST", "/oauth2/token", (200, {"access_token": TOKEN, "expires_in": 3600}))
    settings = {
        "SKILLSYNC_WORKER_CLIENT_ID": "worker-client",
        "SKILLSYNC_WORKER_SECRET_ID": arn,
        "SKILLSYNC_TOKEN_URL": f"{answers.url}/oauth2/token",
    }
    return Services(cloud.status, {"users": settings})


@pytest.fixture
def desk(cloud: Cloud, services: Services) -> Desk:
    """The commands, printing JSON."""
    return Desk(cloud.status, cloud.sqs, services, as_json=True)


Note = Callable[[Sequence[str], Sequence[Mapping[str, Any]]], None]


@pytest.fixture
def note(answers: Any) -> Note:
    """Lets the service answer these notes when it is asked for exactly these messages."""

    def plan(ids: Sequence[str], items: Sequence[Mapping[str, Any]]) -> None:
        query = "&".join(f"id={id}" for id in ids)
        answers.plan("GET", f"/internal/failed-messages?{query}", (200, {"items": list(items)}))

    return plan
