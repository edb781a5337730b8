"""From what was provisioned to what the processes and `status --json` are told."""

import json
from collections.abc import Mapping

from skillsync.local import fleet
from skillsync.local.fleet import Address
from skillsync.local.ports import HOST
from skillsync.local.provision import ENVIRONMENT, Provision, jwks_url
from skillsync.local.state import Person, Queue
from skillsync.options import Options
from skillsync.paths import OPERATIONS, SERVICES, Paths
from skillsync.supervision.specification import Specification

# Each service's queue in the stack's outputs.
QUEUES = {
    "users": "User",
    "transactions": "Transaction",
    "notifications": "Notification",
    "analytics": "Analytics",
}
# What mails bring back: a second queue of notifications.
FEEDBACK = "Feedback"


def service_specifications(
    options: Options,
    paths: Paths,
    *,
    addresses: Mapping[str, Address],
    endpoint: str,
    gateway_url: str,
    provision: Provision,
) -> list[Specification]:
    """Every service process, in the roles the options ask for, and the operators' API."""
    roles = ("api", "worker") if options.separate_workers else ("all",)
    urls = {service: addresses[service].url for service in SERVICES}
    told = neighbours(urls, endpoint, gateway_url, provision) | {"SKILLSYNC_CLOCK_FILE": str(paths.clock_file)}
    common = fleet.base_environment(options, provision["region"]) | told
    specifications = []
    for service in SERVICES:
        own = {
            "SKILLSYNC_DATABASE_URL": options.database.url(service, paths.databases),
            "SKILLSYNC_CACHE_URL": options.cache,
            "SKILLSYNC_QUEUE_URL": provision["outputs"][f"{QUEUES[service]}QueueUrl"],
        }
        for role in roles:
            address = addresses[f"{service}-worker" if role == "worker" else service]
            specifications.append(fleet.service_specification(paths, service, role, common | own, address))
    own = {
        "SKILLSYNC_CACHE_URL": options.cache,
        "SKILLSYNC_QUEUES": json.dumps(queues(provision["outputs"])),
        "SKILLSYNC_PROCESSES": json.dumps(
            {one.name: one.ready_url for one in specifications}
            | {fleet.GATEWAY: fleet.gateway_health(gateway_url), OPERATIONS: addresses[OPERATIONS].url + fleet.READY}
        ),
    }
    specifications.append(fleet.service_specification(paths, OPERATIONS, "api", common | own, addresses[OPERATIONS]))
    return specifications


def neighbours(urls: Mapping[str, str], endpoint: str, gateway_url: str, provision: Provision) -> dict[str, str]:
    """Settings that are the same for all services: the others, by `urls`, and all that was provisioned."""
    return from_outputs(provision["outputs"]) | {
        "AWS_ENDPOINT_URL": endpoint,
        **{f"SKILLSYNC_{service.upper()}_URL": url for service, url in urls.items()},
        # An emulator holds nobody to the rate that it tells.
        "SKILLSYNC_MAIL_RATE_PER_SECOND": "1000",
        "SKILLSYNC_TOKEN_URL": f"{endpoint}/oauth2/token",
        "SKILLSYNC_WEB_URL": gateway_url,
        "SKILLSYNC_JWKS_URL": jwks_url(endpoint, provision["outputs"]["UserPoolId"]),
    }


def from_outputs(outputs: Mapping[str, str]) -> dict[str, str]:
    """Settings that are the same for all services, by the names of the process contract."""
    return {
        "SKILLSYNC_ENVIRONMENT": ENVIRONMENT,
        "SKILLSYNC_HOST": HOST,
        "SKILLSYNC_TOPIC_ARN": outputs["TransactionEventsTopicArn"],
        "SKILLSYNC_FEEDBACK_QUEUE_URL": outputs[f"{FEEDBACK}QueueUrl"],
        "SKILLSYNC_TOKEN_ISSUER": outputs["UserPoolIssuer"],
        "SKILLSYNC_USER_POOL_ID": outputs["UserPoolId"],
        "SKILLSYNC_WEB_CLIENT_ID": outputs["WebClientId"],
        "SKILLSYNC_WORKER_CLIENT_ID": outputs["WorkerClientId"],
        "SKILLSYNC_WORKER_SECRET_ID": outputs["WorkerSecretArn"],
        "SKILLSYNC_MAIL_SENDER": outputs["SenderAddress"],
        "SKILLSYNC_MAIL_CONFIGURATION_SET": outputs["MailConfigurationName"],
    }


def queues(outputs: Mapping[str, str]) -> dict[str, Queue]:
    """The queues by the name of their consumer in the singular, as CloudFormation has them."""
    return {
        name.lower(): Queue(
            url=outputs[f"{name}QueueUrl"],
            dlq_url=outputs[f"{name}DlqUrl"],
            subscription_dlq_url=outputs[f"{name}SubscriptionDlqUrl"],
        )
        for name in (*QUEUES.values(), FEEDBACK)
    }


def people(provision: Provision) -> list[Person]:
    return [
        Person(email=person["email"], password=person["password"], id=person["id"], groups=person["groups"])
        for person in provision["people"]
    ]
