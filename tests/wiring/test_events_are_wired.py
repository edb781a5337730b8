"""What a producer may send, a filter lets through and a consumer handles: the same types everywhere."""

import ast
import importlib
import inspect
import json
from pathlib import Path
from typing import Any, cast

import pytest

from skillsync.templates import load, render

ROOT = Path(__file__).resolve().parents[2]
PRODUCERS = ("users", "transactions", "notifications")
CONSUMERS = {"User": "users", "Transaction": "transactions", "Notification": "notifications", "Analytics": "analytics"}


def filtered_types(queue: str) -> set[str]:
    """The event types that the filter policy of a queue's subscription lets through."""
    template = render(load(ROOT / "infra" / "templates" / "messaging.yaml"), {"EnvName": "local"})
    policies = [
        body["Properties"]["FilterPolicy"]
        for name, body in template["Resources"].items()
        if body["Type"] == "AWS::SNS::Subscription" and name.startswith(queue)
    ]
    assert len(policies) == 1, f"{queue} has one subscription"
    return set(policies[0]["type"])


def schema_files(service: str) -> dict[str, Path]:
    """The JSON Schema file of each type a service owns."""
    return {file.name.removesuffix(".json"): file for file in (ROOT / "services" / service / "events").glob("*.json")}


def written_types(service: str) -> set[str]:
    """The wire names that a service's own code writes in its `events` modules."""
    found: set[str] = set()
    package = ROOT / "services" / service / f"skillsync_{service}"
    for file in package.rglob("events.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith(".v1"):
                found.add(node.value)
    return found


@pytest.mark.parametrize("queue", CONSUMERS)
def test_a_consumer_handles_exactly_what_its_filter_lets_through(queue: str) -> None:
    consumer = importlib.import_module(f"skillsync_{CONSUMERS[queue]}.consumer")
    # The handlers close over their use cases; which types they are for does not depend on those.
    anything = [cast("Any", _Anything()) for _ in inspect.signature(consumer.handlers).parameters]
    handled = set(consumer.handlers(*anything))
    assert handled == filtered_types(queue)


@pytest.mark.parametrize("service", PRODUCERS)
def test_every_type_a_producer_sends_has_its_schema_and_the_reverse(service: str) -> None:
    assert written_types(service) == set(schema_files(service))


@pytest.mark.parametrize("service", PRODUCERS)
def test_schemas_are_strict_and_say_what_they_describe(service: str) -> None:
    for type_, file in schema_files(service).items():
        schema = json.loads(file.read_text())
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema", file
        assert schema["additionalProperties"] is False, file
        assert type_ in schema["title"] or type_ in schema.get("$id", ""), file


def test_every_type_that_is_sent_is_heard_by_somebody() -> None:
    sent = {type_ for service in PRODUCERS for type_ in schema_files(service)}
    heard = {type_ for queue in CONSUMERS for type_ in filtered_types(queue)}
    assert sent <= heard


def test_the_documents_name_every_type_that_is_sent() -> None:
    catalogue = (ROOT / "docs" / "events.md").read_text()
    for service in PRODUCERS:
        for type_ in schema_files(service):
            assert f"`{type_.removesuffix('.v1')}`" in catalogue, type_


class _Anything:
    def __getattr__(self, _: str) -> object:
        return self._nothing

    async def _nothing(self, *_: object) -> None:
        """Stands for a use case that is not called."""
