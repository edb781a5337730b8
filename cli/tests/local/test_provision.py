"""The stacks and the demo people, at a private emulator."""

import json
from collections.abc import Iterator

import pytest

from skillsync.local import wiring
from skillsync.local.fleet import Address
from skillsync.local.people import DEMO_PEOPLE
from skillsync.local.pool import make_client
from skillsync.local.provision import provision, reachable, tagged
from skillsync.options import read_options
from skillsync.paths import OPERATIONS, SERVICES, Paths
from skillsync_testing.emulator import Emulator
from skillsync_testing.plugin import run

QUEUE_NAMES = {
    "users": "user",
    "transactions": "transaction",
    "notifications": "notification",
    "analytics": "analytics",
}
URLS = {name: f"http://127.0.0.1:{9000 + number}" for number, name in enumerate((*SERVICES, OPERATIONS))} | {
    "gateway": "http://127.0.0.1:9999"
}


@pytest.fixture(scope="module")
def own_emulator() -> Iterator[Emulator]:
    """An emulator that no other test has made stacks at; calls without a signature know no account of their own."""
    yield from run(Emulator)


@pytest.fixture
def cloud(own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in own_emulator.client_environment().items():
        monkeypatch.setenv(name, value)
    return own_emulator.endpoint_url


def test_everything_is_made_once_and_found_again(cloud: str) -> None:
    first = provision(cloud, URLS, "")
    assert first["changed"]
    assert [person["email"] for person in first["people"]] == [person.email for person in DEMO_PEOPLE]
    assert len({person["id"] for person in first["people"]}) == len(DEMO_PEOPLE)
    assert [person["groups"] for person in first["people"]] == [[], [], ["coordinator"], ["operator"]]
    cognito = make_client("cognito-idp", cloud, "us-east-1")
    operators = cognito.list_users_in_group(UserPoolId=first["outputs"]["UserPoolId"], GroupName="operator")["Users"]
    assert [user["Username"] for user in operators] == [first["people"][3]["id"]]
    second = provision(cloud, URLS, "")
    assert not second["changed"]
    assert second["outputs"] == first["outputs"]
    assert [person["id"] for person in second["people"]] == [person["id"] for person in first["people"]]
    tagged_people = provision(cloud, URLS, "xyz")
    assert tagged_people["changed"]
    assert tagged_people["people"][0]["email"] == "ana+xyz@demo.skillsync.example"
    assert tagged_people["people"][0]["id"] != first["people"][0]["id"]


def test_the_gateway_is_told_where_all_is(cloud: str) -> None:
    made = provision(cloud, URLS, "")
    parameters, pool = made["gateway_parameters"], made["outputs"]["UserPoolId"]
    assert parameters["UpstreamMode"] == "http"
    behind = (*SERVICES, OPERATIONS)
    assert {name: parameters[f"{name.capitalize()}Url"] for name in behind} == {name: URLS[name] for name in behind}
    assert parameters["JwksUrl"] == f"{cloud}/{pool}/.well-known/jwks.json"
    assert parameters["UserPoolIssuer"] == f"https://cognito-idp.us-east-1.amazonaws.com/{pool}"
    assert {"http://127.0.0.1:9999", "http://localhost:9999"} <= set(parameters["WebOrigins"].split(","))


def test_each_service_gets_the_whole_process_contract(cloud: str, paths: Paths) -> None:
    made = provision(cloud, URLS, "")
    names = [*SERVICES, *(f"{service}-worker" for service in SERVICES), OPERATIONS]
    addresses = {name: Address(9000 + number) for number, name in enumerate(names)}
    specifications = wiring.service_specifications(
        read_options("", "", "", "", "separate"),
        paths,
        addresses=addresses,
        endpoint=cloud,
        gateway_url=URLS["gateway"],
        provision=made,
    )
    assert {one.name: one.kind for one in specifications} == {
        name: "worker" if name.endswith("-worker") else "service" for name in names
    }
    *specifications, operations = specifications
    for one in specifications:
        service, is_worker = one.name.removesuffix("-worker"), one.kind == "worker"
        assert one.command[-2:] == (f"skillsync_{service}.main", "worker" if is_worker else "api")
        environment = one.environment
        assert environment["SKILLSYNC_PORT"] == str(addresses[one.name].port)
        assert environment["SKILLSYNC_QUEUE_URL"].startswith(f"{cloud}/")
        assert environment["SKILLSYNC_QUEUE_URL"].endswith(f"/local-{QUEUE_NAMES[service]}-queue")
        assert environment["SKILLSYNC_DATABASE_URL"].endswith(f"/{service}.sqlite")
        assert environment["SKILLSYNC_WORKER_SECRET_ID"]
        assert "" not in {value for name, value in environment.items() if name.startswith("SKILLSYNC_")}
    assert operations.command[-2:] == ("skillsync.operations.api.main", "api")
    assert set(json.loads(operations.environment["SKILLSYNC_QUEUES"])) == {*QUEUE_NAMES.values(), "feedback"}
    assert json.loads(operations.environment["SKILLSYNC_PROCESSES"]) == {
        **{name: f"{addresses[name].url}/health/ready" for name in names},
        "gateway": f"{URLS['gateway']}/_gateway/health",
    }


def test_queue_urls_follow_the_emulator_to_its_present_port() -> None:
    outputs = {
        "UserQueueUrl": "http://localhost:1/000000000000/local-user-queue",
        "UserSubscriptionDlqUrl": "http://localhost:1/000000000000/local-user-subscription-dlq",
        "TokenUrl": "https://pool.example/oauth2/token",
    }
    assert reachable(outputs, "http://127.0.0.1:2") == {
        "UserQueueUrl": "http://127.0.0.1:2/000000000000/local-user-queue",
        "UserSubscriptionDlqUrl": "http://127.0.0.1:2/000000000000/local-user-subscription-dlq",
        "TokenUrl": "https://pool.example/oauth2/token",
    }


def test_a_tag_makes_another_address_of_the_same_mailbox() -> None:
    assert tagged("ana@demo.example", "xyz") == "ana+xyz@demo.example"
    assert tagged("ana@demo.example", "") == "ana@demo.example"
