"""Our own rules hold of every stack of every environment, and each has been seen to find what it is for."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from . import rules, test_edge, test_messaging
from .mutations import MUTATIONS, Mutation

Json = dict[str, Any]
Render = Callable[[str, str], Json]
OfType = Callable[[Json, str], dict[str, Json]]

# What one of our rules must find. The rest is the linter's: a misspelt property, a reference to nothing …
THE_LINTERS = {
    "memory that does not go with its CPU",
    "a version that is none",
    "a property that is none",
    "a reference to nothing",
    "subnets by a text",
    "an alarm by a statistic that is none",
    "a token for a year",
}
OURS = [mutation for mutation in MUTATIONS if mutation.what not in THE_LINTERS]


def found(template: Json, stack: str, environment: str, of_type: OfType) -> list[str]:
    """What our rules find: those of every template, and those of the two that have their own."""
    lines = rules.found(template, environment)
    if stack == "messaging":
        lines += test_messaging.violations(template, of_type)
    if stack == "edge":
        lines += test_edge.violations(template, of_type)
    return lines


def test_every_rule_holds_everywhere(given: tuple[str, str], render: Render, of_type: OfType) -> None:
    environment, stack = given
    assert found(render(environment, stack), stack, environment, of_type) == []


@pytest.mark.parametrize("mutation", OURS, ids=lambda mutation: f"{mutation.stack}: {mutation.what}")
def test_a_planted_error_is_found(mutation: Mutation, render: Render, of_type: OfType) -> None:
    template = render("prod", mutation.stack)
    before = json.dumps(template)
    mutation.change(template["Resources"])
    assert json.dumps(template) != before
    assert found(template, mutation.stack, "prod", of_type) != []


def test_every_rule_has_found_something(render: Render) -> None:
    idle = {rule.__name__ for rule in rules.RULES}
    for mutation in OURS:
        template = render("prod", mutation.stack)
        mutation.change(template["Resources"])
        idle -= {rule.__name__ for rule in rules.RULES if list(rule(template, "prod"))}
    assert idle == set()


def test_a_service_that_does_not_scale_or_is_not_watched_is_found(render: Render) -> None:
    template = render("prod", "users")
    resources = template["Resources"]
    for name in ("ScalingByCpu", "ScalingByRequests", "CpuAlarm"):
        del resources[name]
    assert rules.found(template, "prod") == ["Service: does not scale", "Service: nobody watches its saturation"]
