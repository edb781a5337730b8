"""An exchange from sign-up to its mails, with every process under its own role and the emulator's guards up.

Each process is started by the command, the environment and the role of its task definition, as the emulator has it of
service.yaml. In place of what no emulator runs (database, cache, load balancer, the region's own addresses) come this
machine's.
"""

import json
import os
import ssl
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
from botocore.exceptions import ClientError

from skillsync import stacks
from skillsync.local.provision import jwks_url
from skillsync_kit import migrations
from skillsync_testing.guarded import GuardedEmulator, is_refused
from skillsync_testing.member import Member
from skillsync_testing.ports import HOST
from skillsync_testing.server import Server
from skillsync_testing.system import eventually

from .test_cloud import ENVIRONMENT, PROCESSES, SERVICES, everything

RUNNING = [process for process in PROCESSES if not process.endswith("-migrate")]
ROOT = stacks.root()


class Process(Server):
    """A command with an environment of its own, on a port of this machine."""

    def __init__(self, directory: Path, name: str, ready: str) -> None:
        directory.mkdir()
        super().__init__(directory)
        self.name = name
        self.arguments: list[str] = []
        self.variables: Mapping[str, str] = {}
        self._ready = ready

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def ready_url(self) -> str:
        return self.url + self._ready

    def command(self) -> list[str]:
        return [sys.executable, *self.arguments]

    def environment(self) -> Mapping[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SKILLSYNC_"))}
        return {**kept, **self.variables}

    def is_ready(self) -> bool:
        try:
            return httpx2.get(self.ready_url, timeout=2, trust_env=False).is_success
        except httpx2.HTTPError:
            return False


class PoolKeys(ThreadingHTTPServer):
    """The pool's keys without TLS: the gateway trusts what the machine trusts, and no certificate of a test's own."""

    def __init__(self, document: bytes) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(document)))
                self.end_headers()
                self.wfile.write(document)

            def log_message(self, format: str, *args: object) -> None:
                pass

        super().__init__((HOST, 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_address[1]}/keys"


class Tasks:
    """The processes of an environment, each with its role's credentials in `sessions`."""

    def __init__(self, directory: Path, cloud: GuardedEmulator) -> None:
        self.cloud = cloud
        self.outputs = everything(cloud.client("cloudformation"))
        for name in RUNNING:
            translate(cloud, f"dev-try-{name}-task")
        self.sessions = {name: cloud.assume(f"dev-try-{name}-task") for name in RUNNING}
        self.all = {name: Process(directory / name, name, "/health/ready") for name in RUNNING}
        self.gateway = Process(directory / "gateway", "gateway", "/_gateway/health")
        self._http = httpx2.Client(verify=ssl.create_default_context(cafile=cloud.certificate))
        self._keys = PoolKeys(self._http.get(jwks_url(cloud.endpoint_url, self.outputs["UserPoolId"])).content)
        self._databases = {service: f"sqlite+aiosqlite:///{directory}/{service}.sqlite" for service in SERVICES}

    def call(self, process: str, service: str) -> Any:
        """A client with the very credentials that the process has."""
        return self.cloud.client(service, self.sessions[process])

    def start(self) -> None:
        """Start all; what begins to work at once waits for what is slower."""
        for service, url in self._databases.items():
            migrations.upgrade(url, ROOT / "services" / service / "migrations")
        for name, process in self.all.items():
            process.arguments, process.variables = self._as_defined(name, process)
            process.spawn()
        self._spawn_gateway()
        for process in (*self.all.values(), self.gateway):
            process.wait_until_ready()

    def stop(self) -> None:
        for process in (self.gateway, *self.all.values()):
            process.stop()
        self._http.close()
        self._keys.shutdown()
        self._keys.server_close()

    def member(self, name: str, *groups: str) -> Member:
        """Somebody new, signed up at the pool as anybody can."""
        status = {
            "api": f"{self.gateway.url}/v1",
            "client_id": self.outputs["WebClientId"],
            "user_pool_id": self.outputs["UserPoolId"],
        }
        return Member(status, self.cloud.client("cognito-idp"), name, *groups)

    def is_at_the_pool(self, address: str) -> bool:
        pool = self.cloud.client("cognito-idp")
        try:
            pool.admin_get_user(UserPoolId=self.outputs["UserPoolId"], Username=address)
        except pool.exceptions.UserNotFoundException:
            return False
        return True

    def subjects_of_mails_to(self, address: str) -> set[str]:
        """Of what the sender's address sent; not the codes of the pool."""
        answer = self._http.get(f"{self.cloud.endpoint_url}/_ministack/ses/messages")
        return {
            mail["Subject"]
            for account in answer.json()["messages"].values()
            for mail in account
            if address in mail["To"] and mail["Source"].endswith(self.outputs["SenderAddress"])
        }

    def refusals(self) -> dict[str, list[str]]:
        """What each process logged of calls that AWS did not allow."""
        found = {
            name: [
                line
                for line in process.log_path.read_text(errors="replace").splitlines()
                if any(word in line for word in ("AccessDenied", "AuthorizationError", "not authorized"))
            ]
            for name, process in self.all.items()
        }
        return {name: lines for name, lines in found.items() if lines}

    def _as_defined(self, name: str, process: Process) -> tuple[list[str], dict[str, str]]:
        """The command and the environment of the task definition, at this machine's addresses."""
        definition = self.cloud.client("ecs").describe_task_definition(taskDefinition=f"skillsync-dev-try-{name}")
        container = definition["taskDefinition"]["containerDefinitions"][0]
        python, *arguments = container["command"]
        assert python == "python"
        given = {one["name"]: one["value"] for one in container["environment"]}
        given.pop("SKILLSYNC_DATABASE_CA")
        here = self._here(name.removesuffix("-worker")) | {"SKILLSYNC_PORT": str(process.port)}
        # Whatever has no default comes from the template; this machine's own are shorter waits.
        own = {"SKILLSYNC_LONG_POLL_SECONDS", "SKILLSYNC_MAIL_RATE_PER_SECOND", "SKILLSYNC_ERASURE_DAYS"}
        assert here.keys() - given.keys() == own
        return arguments, given | here | self._credentials(name)

    def _here(self, service: str) -> dict[str, str]:
        here = {
            "SKILLSYNC_ENVIRONMENT": "local",
            "SKILLSYNC_HOST": HOST,
            "SKILLSYNC_DRAIN_SECONDS": "0",
            "SKILLSYNC_LONG_POLL_SECONDS": "1",
            "SKILLSYNC_MAIL_RATE_PER_SECOND": "1000",
            "SKILLSYNC_ERASURE_DAYS": "0",
            "SKILLSYNC_CACHE_URL": "mem://",
            "SKILLSYNC_JWKS_URL": jwks_url(self.cloud.endpoint_url, self.outputs["UserPoolId"]),
            "SKILLSYNC_TOKEN_URL": f"{self.cloud.endpoint_url}/oauth2/token",
            "SKILLSYNC_WEB_URL": self.gateway.url,
            **{f"SKILLSYNC_{each.upper()}_URL": self.all[each].url for each in SERVICES},
        }
        if service == "operations":
            processes = {name: process.ready_url for name, process in self.all.items()}
            return here | {"SKILLSYNC_PROCESSES": json.dumps(processes)}
        return here | {"SKILLSYNC_DATABASE_URL": self._databases[service]}

    def _credentials(self, name: str) -> dict[str, str]:
        """What ECS puts into a task, and whom to trust here."""
        session = self.sessions[name]
        return {
            "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
            "AWS_SESSION_TOKEN": session["SessionToken"],
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.cloud.endpoint_url,
            "AWS_CA_BUNDLE": self.cloud.certificate,
            "SSL_CERT_FILE": self.cloud.certificate,
        }

    def _spawn_gateway(self) -> None:
        """The edge as the template has it; it calls nothing of AWS but the pool's keys."""
        edge = stacks.find_stack(ENVIRONMENT, "edge")
        parameters = stacks.wire(edge, ENVIRONMENT, self.outputs)
        parameters |= {f"{name.capitalize()}Url": self.all[name].url for name in (*SERVICES, "operations")}
        parameters |= {"JwksUrl": self._keys.url, "PoolUrl": self.cloud.endpoint_url}
        file = self.gateway.directory / "parameters.json"
        file.write_text(json.dumps(parameters), encoding="utf-8")
        where = ("--host", HOST, "--port", str(self.gateway.port))
        self.gateway.arguments = ["-m", "skillsync.gateway", *where, "--template", str(edge.template)]
        self.gateway.arguments += ["--parameters", str(file)]
        self.gateway.spawn()


@pytest.fixture
def tasks(tmp_path: Path) -> Iterator[Tasks]:
    """The whole environment, every process under its own role."""
    (tmp_path / "cloud").mkdir()
    cloud = GuardedEmulator(tmp_path / "cloud")
    cloud.start_on_a_free_port()
    made = Tasks(tmp_path, cloud)
    try:
        made.start()
        yield made
    finally:
        made.stop()
        cloud.stop()


# AWS asks for the right to the single call, and so do the roles; the emulator for one by the name of the batch.
BATCHES = {
    "sns:Publish": "sns:PublishBatch",
    "sqs:ChangeMessageVisibility": "sqs:ChangeMessageVisibilityBatch",
    "sqs:DeleteMessage": "sqs:DeleteMessageBatch",
    "sqs:SendMessage": "sqs:SendMessageBatch",
}


def translate(cloud: GuardedEmulator, role: str) -> None:
    """Say a role's rights once more, as the emulator asks for them: batches by their names, on the same resources.

    And a mail may be sent by whoever may send one: the emulator looks at no sender.
    """
    iam = cloud.client("iam")
    added: list[dict[str, Any]] = []
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for statement in document["Statement"]:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            if batches := [BATCHES[action] for action in actions if action in BATCHES]:
                added.append({"Effect": "Allow", "Action": batches, "Resource": statement["Resource"]})
            if "ses:SendEmail" in actions:
                added.append({"Effect": "Allow", "Action": "ses:SendEmail", "Resource": "*"})
    if added:
        document = {"Version": "2012-10-17", "Statement": added}
        iam.put_role_policy(RoleName=role, PolicyName="emulated", PolicyDocument=json.dumps(document))


# One call of each process that another may make, or nobody; the whole table of them is in test_cloud.py.
DENIED: dict[str, Callable[[Tasks], Any]] = {
    "users": lambda t: t.call("users", "sqs").receive_message(QueueUrl=t.outputs["UserQueueUrl"]),
    "users-worker": lambda t: t.call("users-worker", "sqs").receive_message(QueueUrl=t.outputs["TransactionQueueUrl"]),
    "transactions": lambda t: t.call("transactions", "secretsmanager").get_secret_value(
        SecretId=t.outputs["WorkerSecretArn"]
    ),
    "transactions-worker": lambda t: t.call("transactions-worker", "cognito-idp").admin_delete_user(
        UserPoolId=t.outputs["UserPoolId"], Username="somebody"
    ),
    "notifications": lambda t: t.call("notifications", "sesv2").send_email(
        FromEmailAddress=t.outputs["SenderAddress"],
        Destination={"ToAddresses": ["somebody@people.example"]},
        Content={"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "b"}}}},
    ),
    "notifications-worker": lambda t: t.call("notifications-worker", "sns").publish(
        TopicArn=t.outputs["OpsAlarmsTopicArn"], Message="{}"
    ),
    "analytics": lambda t: t.call("analytics", "sns").publish(
        TopicArn=t.outputs["TransactionEventsTopicArn"], Message="{}"
    ),
    "analytics-worker": lambda t: t.call("analytics-worker", "sqs").delete_message(
        QueueUrl=t.outputs["UserQueueUrl"], ReceiptHandle="none"
    ),
    "operations": lambda t: t.call("operations", "sqs").receive_message(QueueUrl=t.outputs["UserQueueUrl"]),
}


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_each_process_plays_its_part_by_its_own_role(tasks: Tasks) -> None:
    ana, bo = tasks.member("Ana").make_profile(), tasks.member("Bo").make_profile()
    id = ana.finalized_exchange_with(bo)["id"]

    def counted() -> bool:
        shown = ana.get("/analytics/me").json(), ana.get(f"/users/{ana.id}/stats").json()
        return all(one.get("finalized") == 1 for one in shown)

    eventually(counted, what="the exchange is counted by analytics and users")
    for member, subjects in (
        (ana, {"Welcome to SkillSync", "Agreed: Guitar for German", "Receipt: Guitar for German"}),
        (bo, {"Welcome to SkillSync", "Ana proposes: Guitar for German", "Receipt: Guitar for German"}),
    ):
        eventually(lambda m=member, s=subjects: tasks.subjects_of_mails_to(m.email) == s, what="their mails")  # type: ignore[misc]

    # An operator sees all of it, and moves a dead letter back.
    oda = tasks.member("Oda", "operator")
    system = oda.get("/operations/system").json()
    assert {one["name"]: one["state"] for one in system["processes"]} == dict.fromkeys(RUNNING, "ready")
    assert system["queues_problem"] is None
    assert [one["problem"] for one in system["outboxes"]] == [None] * 3
    steps = [
        step["what"]
        for event in oda.get(f"/operations/exchanges/{id}/trail").json()["events"]
        for step in event["steps"]
    ]
    assert {"received", "committed", "published", "handled", "mail-sent"} <= set(steps)
    tasks.cloud.client("sqs").send_message(QueueUrl=tasks.outputs["UserDlqUrl"], MessageBody="{}")
    assert oda.post("/operations/queues/user/redrive").json() == {"queue": "user", "moved": 1, "left": 0}

    # Who leaves is deleted at the pool.
    left = bo.http.delete(f"{tasks.gateway.url}/v1/users/me", headers={"If-Match": "*"})
    assert left.status_code == 202, left.text
    eventually(lambda: not tasks.is_at_the_pool(bo.email), seconds=90, what="the pool knows the person no more")

    # No process was in want of a right; now each is refused what it has no need of.
    assert tasks.refusals() == {}
    assert set(DENIED) == set(RUNNING)
    for process, call in DENIED.items():
        with pytest.raises(ClientError) as refusal:
            call(tasks)
        assert is_refused(refusal.value), f"{process}: {refusal.value}"
