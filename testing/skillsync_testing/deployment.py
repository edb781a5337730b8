"""The real transactions service in two processes over a private durable MariaDB, and what it needs around."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3

from skillsync_kit import migrations
from skillsync_kit.testing import UserPool
from skillsync_testing import Emulator, MariaDB
from skillsync_testing.emulator import REPOSITORY
from skillsync_testing.mariadb import Isolation
from skillsync_testing.neighbours import Neighbours
from skillsync_testing.two_processes import TwoProcesses

__all__ = ["Deployment", "deployed"]

MIGRATIONS = REPOSITORY / "services" / "transactions" / "migrations"
# Of the local cloud: nobody else's topic and queue are in it.
ACCOUNT = "300000000003"


@dataclass(frozen=True)
class Deployment:
    """The running service, its database, and the users service it asks."""

    isolation: Isolation
    database_url: str
    service: TwoProcesses
    neighbours: Neighbours


@contextmanager
def deployed(isolation: Isolation, pool: UserPool, emulator: Emulator) -> Iterator[Deployment]:
    """Start everything, and stop it afterwards. Tokens of `pool` are taken."""
    directory = Path(tempfile.mkdtemp(prefix="skillsync-proof-"))
    (directory / "mariadb").mkdir()
    mariadb, neighbours = MariaDB(directory / "mariadb", isolation), Neighbours(pool.public_jwk())
    try:
        neighbours.start()
        mariadb.start_on_a_free_port()
        url = mariadb.url(mariadb.create_database("transactions"))
        migrations.upgrade(url, MIGRATIONS)
        environment = _environment(url, pool, neighbours, emulator)
        # The worker consumes, sweeps and relays beside the two, as it does in production.
        service = TwoProcesses(directory, "transactions", environment, workers=1)
        try:
            service.start()
            yield Deployment(isolation, url, service, neighbours)
        finally:
            service.stop()
    finally:
        mariadb.stop()
        neighbours.stop()
        shutil.rmtree(directory, ignore_errors=True)


def _environment(url: str, pool: UserPool, neighbours: Neighbours, emulator: Emulator) -> dict[str, str]:
    """Settings as production has them, but for the addresses."""
    aws = emulator.client_environment(ACCOUNT)
    session = boto3.Session(aws["AWS_ACCESS_KEY_ID"], aws["AWS_SECRET_ACCESS_KEY"], region_name=aws["AWS_REGION"])
    sns = session.client("sns", endpoint_url=emulator.endpoint_url)
    sqs = session.client("sqs", endpoint_url=emulator.endpoint_url)
    return {
        **aws,
        "SKILLSYNC_DATABASE_URL": url,
        "SKILLSYNC_TOKEN_ISSUER": pool.issuer,
        "SKILLSYNC_JWKS_URL": f"{neighbours.url}/jwks.json",
        "SKILLSYNC_WEB_CLIENT_ID": pool.web_client_id,
        "SKILLSYNC_USERS_URL": neighbours.url,
        "SKILLSYNC_TOPIC_ARN": sns.create_topic(Name="transaction-events")["TopicArn"],
        "SKILLSYNC_QUEUE_URL": sqs.create_queue(QueueName="transaction-queue")["QueueUrl"],
        # A line for each request would be most of what two busy processes do; what went wrong is told at `warning`.
        "SKILLSYNC_LOG_LEVEL": "warning",
    }
