"""The services as a deployment has them, over real parts, with every link between them in our hands.

Two API processes and a worker of transactions, one process each of users, notifications and analytics; MariaDB that
flushes at each commit, Redis, and the local cloud with the queues of `messaging.yaml`. Each process reaches each of
these over a link that can misbehave. What dies is started again at once, as a supervisor does.
"""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3

from skillsync import stacks, templates
from skillsync_kit import migrations
from skillsync_kit.testing import UserPool
from skillsync_testing import Emulator, MariaDB, Redis, ServerError
from skillsync_testing.emulator import REPOSITORY
from skillsync_testing.faulty_link import FaultyLink
from skillsync_testing.neighbours import Neighbours
from skillsync_testing.ports import HOST
from skillsync_testing.server import Server, stop_all
from skillsync_testing.two_processes import ServiceProcess

__all__ = ["SERVICES", "Fleet", "running", "until"]

SERVICES = ("users", "transactions", "notifications", "analytics")
QUEUES = {"users": "User", "transactions": "Transaction", "notifications": "Notification", "analytics": "Analytics"}
ENVIRONMENT = "faults"
SENDER = "no-reply@faults.skillsync.example"
# At least six times the p99 of handling, and short: so long a message in hand is away after a crash.
VISIBILITY_SECONDS = 10
LOOK_SECONDS = 0.05


class _Cloud(Emulator):
    """The local cloud, which keeps its queues over a clean stop."""

    def environment(self) -> Mapping[str, str]:
        """As the emulator's, but with its state on disk."""
        return {**super().environment(), "PERSIST_STATE": "1"}


class Fleet:
    """What runs. `processes` by name, `servers` and `links` by what they are."""

    def __init__(self, directory: Path, pool: UserPool) -> None:
        """Tokens of `pool` are taken. Nothing runs before `start`."""
        self.directory = directory
        for name in ("mariadb", "redis", "cloud"):
            (directory / name).mkdir()
        self.mariadb, self.redis = MariaDB(directory / "mariadb"), Redis(directory / "redis")
        self.cloud = _Cloud(directory / "cloud")
        self.pool = pool
        self.neighbours = Neighbours(self.pool.public_jwk(), worker_token=self.pool.worker_token)
        self.links: dict[str, FaultyLink] = {}
        self.processes: dict[str, ServiceProcess] = {}
        self.outputs: dict[str, str] = {}
        self._clients: dict[str, Any] = {}
        self._subscribers: dict[str, list[str]] = {}
        self.begun_again = 0
        # What a fault has in its hands is not started by anybody else.
        self.held: set[str] = set()

    @property
    def servers(self) -> dict[str, Server]:
        """The parts that are not ours."""
        return {"database": self.mariadb, "cache": self.redis, "broker": self.cloud}

    @property
    def apis(self) -> list[ServiceProcess]:
        """The processes that serve transactions."""
        return [self.processes["transactions-1"], self.processes["transactions-2"]]

    # --- life ---

    def start(self) -> None:
        """Start everything and wait until it is ready."""
        self.neighbours.start()
        for server in self.servers.values():
            server.start_on_a_free_port()
        targets = {"database": self.mariadb.port, "cache": self.redis.port, "broker": self.cloud.port}
        targets["neighbours"] = urlsplit(self.neighbours.url).port or 0
        for name, port in targets.items():
            self.links[name] = FaultyLink(port)
            self.links[name].start()
        self._deploy()
        for service in SERVICES:
            self.mariadb.create_database(service)
            migrations.upgrade(self.mariadb.url(service), REPOSITORY / "services" / service / "migrations")
        for name, service, role in (
            ("transactions-1", "transactions", "api"),
            ("transactions-2", "transactions", "api"),
            ("transactions-worker", "transactions", "worker"),
            ("users", "users", "all"),
            ("notifications", "notifications", "all"),
            ("analytics", "analytics", "all"),
        ):
            process = ServiceProcess(self.directory / name, service, role, {})  # type: ignore[arg-type]
            self.processes[name] = process
        for process in self.processes.values():
            process._environment = self._environment(process)
            process.spawn()
        for process in self.processes.values():
            process.wait_until_ready()

    def stop(self) -> None:
        """Drain the processes, stop the rest."""
        stop_all(self.processes.values())
        for link in self.links.values():
            link.stop()
        for server in self.servers.values():
            server.stop()
        self.neighbours.stop()

    @asynccontextmanager
    async def supervised(self) -> AsyncIterator[None]:
        """Inside, what dies is started again at once."""
        task = asyncio.create_task(self._keep_running())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def ready(self) -> None:
        """Wait until every process is ready."""
        for name in self.processes:
            await self.back(name)

    async def back(self, name: str) -> None:
        """Wait until one process, which may just have died, is ready."""
        process = self.processes[name]
        await until(lambda: not process.has_ended and process.is_ready())

    async def restart(self, server: str, *, cleanly: bool) -> None:
        """End one of the servers, by SIGKILL or by SIGTERM, and start it again on its port and data."""
        found = self.servers[server]
        await asyncio.to_thread(found.stop if cleanly else found.kill)
        found.spawn()
        await asyncio.to_thread(found.wait_until_ready)

    @contextmanager
    def paused(self, pid: int) -> Iterator[None]:
        """Inside, a process stands still (SIGSTOP): it holds its connections and locks, and answers nothing."""
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    async def _keep_running(self) -> None:
        while True:
            for name, process in self.processes.items():
                if process.has_ended and name not in self.held:
                    self.begun_again += 1
                    with contextlib.suppress(ServerError):
                        process.spawn()
            await asyncio.sleep(LOOK_SECONDS)

    # --- looking ---

    def aws(self, service: str) -> Any:
        """A plain client of the cloud, past the link; one of each, for to make it costs more than to use it."""
        if service not in self._clients:
            self._clients[service] = self._client(service)
        return self._clients[service]

    def _client(self, service: str) -> Any:
        variables = self.cloud.client_environment("400000000004")
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.cloud.endpoint_url,
            region_name=variables["AWS_REGION"],
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        )

    def waiting(self, *, dead: bool = False) -> int:
        """How many messages are on the queues, or on their dead-letter queues, in anybody's hands or not."""
        sqs, total = self.aws("sqs"), 0
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        for queue in QUEUES.values():
            url = self._reachable(self.outputs[f"{queue}{'Dlq' if dead else 'Queue'}Url"], self.cloud.port)
            counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
            total += sum(int(counts[name]) for name in names)
        return total

    def subscribers(self) -> dict[str, list[str]]:
        """The consuming services of each event type, as the filter policies of the template say."""
        if not self._subscribers:
            rendered = templates.render(templates.load(_TEMPLATE), {"EnvName": ENVIRONMENT})
            for service, queue in QUEUES.items():
                policy = rendered["Resources"][f"{queue}Subscription"]["Properties"]["FilterPolicy"]
                for type_ in policy["type"]:
                    self._subscribers.setdefault(type_, []).append(service)
        return self._subscribers

    def complaints(self) -> list[str]:
        """The errors in the processes' logs, and what they said that is no line of a log."""
        return [
            f"{name}: {_last_words(line)}"
            for name, process in self.processes.items()
            for line in process.log_path.read_text(errors="replace").splitlines()
            if '"level": "error"' in line or not line.startswith("{")
        ]

    def reset(self) -> None:
        """Forget what the last test left: rows and messages. Call it when nothing is under way."""
        for service in SERVICES:
            # Which revision the schema has, and each consumer's gate for replays, were put there by the migrations.
            kept = "table_name NOT IN ('alembic_version', 'replays') AND table_type = 'BASE TABLE'"
            tables = self.mariadb.mysql(
                f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{service}' AND {kept}"  # noqa: S608
            )
            emptied = "".join(f"TRUNCATE TABLE {name};" for (name,) in tables)
            self.mariadb.mysql(f"SET foreign_key_checks = 0; {emptied}", service)
        sqs = self.aws("sqs")
        for queue in QUEUES.values():
            for kind in ("Queue", "Dlq"):
                sqs.purge_queue(QueueUrl=self._reachable(self.outputs[f"{queue}{kind}Url"], self.cloud.port))
        self.redis.flush()
        self.neighbours.reachable.clear()
        self.begun_again = 0
        for link in self.links.values():
            link.heal()

    # --- wiring ---

    def _deploy(self) -> None:
        parameters = {"EnvName": ENVIRONMENT, "VisibilityTimeout": str(VISIBILITY_SECONDS)}
        client = self.aws("cloudformation")
        self.outputs = stacks.deploy(client, "faults-messaging", _TEMPLATE.read_text(), parameters)
        self.aws("secretsmanager").create_secret(Name="worker", SecretString="not needed here")
        self.aws("sesv2").create_email_identity(EmailIdentity=SENDER)

    def _environment(self, process: ServiceProcess) -> dict[str, str]:
        """Settings as production has them, but for the addresses: every one is that of a link."""
        link = {name: f"http://{HOST}:{found.port}" for name, found in self.links.items()}
        service = process._service
        return {
            **self.cloud.client_environment("400000000004"),
            "AWS_ENDPOINT_URL": link["broker"],
            "SKILLSYNC_DATABASE_URL": self.mariadb.url(service).replace(
                f":{self.mariadb.port}/", f":{self.links['database'].port}/"
            ),
            "SKILLSYNC_CACHE_URL": f"redis://{HOST}:{self.links['cache'].port}/0",
            "SKILLSYNC_TOKEN_ISSUER": self.pool.issuer,
            "SKILLSYNC_JWKS_URL": f"{link['neighbours']}/jwks.json",
            "SKILLSYNC_WEB_CLIENT_ID": self.pool.web_client_id,
            "SKILLSYNC_WORKER_CLIENT_ID": self.pool.worker_client_id,
            "SKILLSYNC_WORKER_SECRET_ID": "worker",
            "SKILLSYNC_TOKEN_URL": f"{link['neighbours']}/oauth2/token",
            "SKILLSYNC_USERS_URL": link["neighbours"],
            "SKILLSYNC_TRANSACTIONS_URL": self.processes["transactions-1"].url,
            "SKILLSYNC_NOTIFICATIONS_URL": self.processes["notifications"].url,
            "SKILLSYNC_ANALYTICS_URL": self.processes["analytics"].url,
            "SKILLSYNC_USER_POOL_ID": "us-east-1_faults",
            "SKILLSYNC_TOPIC_ARN": self.outputs["TransactionEventsTopicArn"],
            "SKILLSYNC_FEEDBACK_QUEUE_URL": self._reachable(
                self.outputs["FeedbackQueueUrl"], self.links["broker"].port
            ),
            "SKILLSYNC_QUEUE_URL": self._reachable(
                self.outputs[f"{QUEUES[service]}QueueUrl"], self.links["broker"].port
            ),
            "SKILLSYNC_LONG_POLL_SECONDS": "1",
            "SKILLSYNC_MAIL_SENDER": SENDER,
            # The emulator tells a rate and holds nobody to it.
            "SKILLSYNC_MAIL_RATE_PER_SECOND": "1000",
            "SKILLSYNC_WEB_URL": "https://skillsync.example",
            "SKILLSYNC_LOG_LEVEL": "info" if service != "transactions" else "warning",
        }

    @staticmethod
    def _reachable(queue_url: str, port: int) -> str:
        return f"http://{HOST}:{port}{urlsplit(queue_url).path}"


def _last_words(line: str) -> str:
    """What went wrong and where, of a line with a traceback; else the line."""
    try:
        told = json.loads(line)
        error = told["exception"][-1]
        where = error["frames"][-1]
    except (ValueError, KeyError, IndexError, TypeError):
        return line[:300]
    return f"{told['event']}: {error['exc_type']}: {error['exc_value'][:200]} ({where['name']}:{where['lineno']})"


async def until(condition: Callable[[], bool], *, seconds: float = 120, every: float = LOOK_SECONDS) -> bool:
    """Look again and again, in a thread of its own; False when the condition did not come true in time.

    A look at a backlog costs the databases and the broker some work: it is taken less often.
    """
    give_up_at = time.monotonic() + seconds
    while not await asyncio.to_thread(condition):
        if time.monotonic() > give_up_at:
            return False
        await asyncio.sleep(every)
    return True


_TEMPLATE = REPOSITORY / "infra" / "templates" / "messaging.yaml"


@contextmanager
def running(pool: UserPool) -> Iterator[Fleet]:
    """A fleet that is up, and gone afterwards."""
    directory = Path(tempfile.mkdtemp(prefix="skillsync-faults-"))
    fleet = Fleet(directory, pool)
    try:
        fleet.start()
        yield fleet
    finally:
        fleet.stop()
        shutil.rmtree(directory, ignore_errors=True)
