"""The transactions service for faults: its settings beside real neighbours, and the bytes of what people ask of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3

from skillsync_kit import migrations
from skillsync_kit.testing import UserPool
from skillsync_testing import Emulator
from skillsync_testing.lanes import request
from skillsync_testing.neighbours import Neighbours

__all__ = ["People", "surroundings"]

MIGRATIONS = Path(__file__).resolve().parents[2] / "services" / "transactions" / "migrations"


@contextmanager
def surroundings(database_url: str, pool: UserPool, emulator: Emulator, account: str) -> Iterator[dict[str, str]]:
    """Migrate the database, start what the service calls, and give the settings of a process of it.

    `account` is one of the local cloud: its topic and queue are this service's alone.
    """
    migrations.upgrade(database_url, MIGRATIONS)
    neighbours = Neighbours(pool.public_jwk())
    neighbours.start()
    try:
        yield {
            **emulator.client_environment(account),
            **_channels(emulator, account),
            "SKILLSYNC_DATABASE_URL": database_url,
            "SKILLSYNC_TOKEN_ISSUER": pool.issuer,
            "SKILLSYNC_JWKS_URL": f"{neighbours.url}/jwks.json",
            "SKILLSYNC_WEB_CLIENT_ID": pool.web_client_id,
            "SKILLSYNC_USERS_URL": neighbours.url,
            # A line for each request would be most of what a busy process does.
            "SKILLSYNC_LOG_LEVEL": "warning",
        }
    finally:
        neighbours.stop()


def _channels(emulator: Emulator, account: str) -> dict[str, str]:
    aws = emulator.client_environment(account)
    session = boto3.Session(aws["AWS_ACCESS_KEY_ID"], aws["AWS_SECRET_ACCESS_KEY"], region_name=aws["AWS_REGION"])
    sns = session.client("sns", endpoint_url=emulator.endpoint_url)
    sqs = session.client("sqs", endpoint_url=emulator.endpoint_url)
    return {
        "SKILLSYNC_TOPIC_ARN": sns.create_topic(Name="transaction-events")["TopicArn"],
        "SKILLSYNC_QUEUE_URL": sqs.create_queue(QueueName="transaction-queue")["QueueUrl"],
    }


class People:
    """Two members of a pool, and their requests as bytes."""

    def __init__(self, pool: UserPool) -> None:
        """Give each a token."""
        self.ana, self.bo = str(uuid4()), str(uuid4())
        self._tokens = {user: pool.token(user) for user in (self.ana, self.bo)}

    def draft(self, key: str | None = None) -> bytes:
        """Ana writes a swap with Bo down, for the first time unless a key is given."""
        legs = {
            "a": {"giver": "me", "receiver": self.bo, "skill": "guitar", "minutes": 60},
            "b": {"giver": self.bo, "receiver": "me", "skill": "german", "minutes": 60},
        }
        return self.post(self.ana, "", {"title": "Guitar for German", "settlement": "none", "legs": legs}, key)

    def post(self, user: str, path: str, body: Any = None, key: str | None = None) -> bytes:
        """One of them posts under /v1/transactions."""
        headers = {"Idempotency-Key": key or uuid4().hex}
        return request("POST", f"/v1/transactions{path}", token=self._tokens[user], body=body, headers=headers)

    def get(self, user: str, path: str) -> bytes:
        """One of them looks under /v1/transactions."""
        return request("GET", f"/v1/transactions{path}", token=self._tokens[user])
