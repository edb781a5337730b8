"""What holds for every template and every environment: the linter, limits, what is kept. Our rules: test_rules.py."""

import hashlib
import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from cfnlint.api import lint  # type: ignore[import-untyped]

from skillsync import stacks, templates

from .linters import linted

TEMPLATES = sorted((stacks.root() / "infra" / "templates").glob("*.yaml"))
# GetTemplate answers another text than that of a file with a transform. This one's makes what rotates secrets.
TRANSFORMED = {"data"}
TEMPLATE_BODY_LIMIT = 51_200  # bytes that CreateChangeSet takes without a bucket

Json = dict[str, Any]
Render = Callable[[str, str], Json]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_the_linter_has_nothing_to_say(path: Path) -> None:
    assert [str(match) for match in lint(path.read_text(encoding="utf-8"))] == []


def test_the_linter_has_nothing_to_say_of_what_an_environment_gets(
    given: tuple[str, str], render: Render, request: pytest.FixtureRequest
) -> None:
    template = render(*given)
    text = json.dumps(template)
    # What was found faultless is faultless: the linter takes a second for each.
    key = f"linted/{version('cfn-lint')}/{hashlib.sha256(text.encode()).hexdigest()}"
    if request.config.cache is None or not request.config.cache.get(key, False):
        assert linted(template) == []
        if request.config.cache is not None:
            request.config.cache.set(key, True)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_fits_into_a_request_and_hides_nothing_from_other_readers(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.encode()) < TEMPLATE_BODY_LIMIT
    assert not [event for event in yaml.parse(text) if isinstance(event, yaml.AliasEvent)]
    assert "Fn::ForEach" not in text
    assert ("Transform" in templates.load(path)) == (path.stem in TRANSFORMED)


def test_every_template_belongs_to_a_stack() -> None:
    used = {stack.template for stack in stacks.declared(stacks.environment("local"))}
    assert used == set(TEMPLATES)


def test_an_environment_names_only_parameters_that_exist(any_environment: str) -> None:
    declared = {name for path in TEMPLATES for name in templates.load(path).get("Parameters", {})}
    assert set(stacks.environment(any_environment).parameters) <= declared


def test_a_secret_leaves_a_stack_by_its_arn_alone(given: tuple[str, str], render: Render) -> None:
    outputs = json.dumps(render(*given)["Outputs"])
    assert "ClientSecret" not in outputs
    assert "SecretString" not in outputs
    assert "resolve:secretsmanager" not in outputs


def kept(template: Json) -> dict[str, set[str]]:
    """The resources that stay when their stack goes or replaces them, with both policies."""
    return {
        name: {resource.get("DeletionPolicy", "Delete"), resource.get("UpdateReplacePolicy", "Delete")}
        for name, resource in template["Resources"].items()
        if {resource.get("DeletionPolicy", "Delete"), resource.get("UpdateReplacePolicy", "Delete")} != {"Delete"}
    }


def test_only_prod_keeps_data_when_a_stack_goes(render: Render, any_environment: str) -> None:
    planned = [stack.name for stack in stacks.plan(stacks.environment(any_environment))]
    found = {name: policies for stack in planned for name, policies in kept(render(any_environment, stack)).items()}
    dead_letters = {
        f"{queue}{kind}"
        for queue in ("User", "Transaction", "Notification", "Analytics", "Feedback")
        for kind in ("Dlq", "SubscriptionDlq")
    }
    registries = {
        f"{service}Registry" for service in ("Users", "Transactions", "Notifications", "Analytics", "Operations")
    }
    names = {"MessagingKey", "UserPool", "DataKey", "Site"} | dead_letters | registries
    # Retain alone would also keep what a creation made before it failed, and so block the next attempt.
    expected = {name: {"RetainExceptOnCreate", "Retain"} for name in names} | {"Database": {"Snapshot"}}
    assert found == (expected if any_environment == "prod" else {})
