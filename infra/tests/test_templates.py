"""What holds for every template and every environment: the linter, limits, encryption, no more rights than needed."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cfnlint.api import lint  # type: ignore[import-untyped]

from skillsync import stacks, templates

TEMPLATES = sorted((stacks.root() / "infra" / "templates").glob("*.yaml"))
# GetTemplate answers another text than that of a file with a transform. This one makes the functions that rotate secrets.
TRANSFORMED = {"data"}
TEMPLATE_BODY_LIMIT = 51_200  # bytes that CreateChangeSet takes without a bucket

Json = dict[str, Any]
Render = Callable[[str, str], Json]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_the_linter_has_nothing_to_say(path: Path) -> None:
    assert [str(match) for match in lint(path.read_text(encoding="utf-8"))] == []


def test_the_linter_has_nothing_to_say_of_what_an_environment_gets(given: Json) -> None:
    assert [str(match) for match in lint(json.dumps(given))] == []


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


def statements(template: Json) -> Iterator[tuple[str, str, Json]]:
    """Every policy statement with the name and type of its resource."""
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        for document in (properties.get("PolicyDocument"), properties.get("KeyPolicy")):
            for statement in (document or {}).get("Statement", []):
                yield name, resource["Type"], statement


def too_wide(template: Json) -> list[str]:
    """Statements that allow more than one named thing to somebody named, and denials of everything to everybody."""
    found = []
    for name, kind, statement in statements(template):
        where = f"{name} {statement['Sid']}"
        principal, actions = statement.get("Principal"), statement["Action"]
        actions = [actions] if isinstance(actions, str) else actions
        # In a key's own policy, Resource * is that key, and the account's root stands for its roles' policies.
        key_owner = kind == "AWS::KMS::Key" and ":root" in str(principal)
        if statement["Effect"] == "Deny":
            if not statement.get("Condition"):
                found.append(f"{where}: a denial without a condition locks everybody out")
            continue
        if "*" in (principal, *(principal or {}).values()) if isinstance(principal, dict) else principal == "*":
            found.append(f"{where}: any principal")
        if any(action == "*" or action.endswith(":*") for action in actions) and not key_owner:
            found.append(f"{where}: every action")
        if statement.get("Resource") == "*" and kind != "AWS::KMS::Key":
            found.append(f"{where}: every resource")
        if not statement.get("Condition") and not key_owner:
            found.append(f"{where}: no condition")
    return found


def test_no_policy_is_wider_than_its_purpose(given: Json) -> None:
    assert too_wide(given) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"Principal": "*"}, "any principal"),
        ({"Principal": {"AWS": "*"}}, "any principal"),
        ({"Action": "sqs:*"}, "every action"),
        ({"Action": ["sqs:SendMessage", "*"]}, "every action"),
        ({"Resource": "*"}, "every resource"),
        ({"Condition": {}}, "no condition"),
        ({"Effect": "Deny", "Condition": {}}, "locks everybody out"),
    ],
    ids=str,
)
def test_a_policy_that_is_too_wide_is_found(render: Render, change: Json, complaint: str) -> None:
    template = render("local", "messaging")
    template["Resources"]["UserQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"][0] |= change
    found = too_wide(template)
    assert len(found) == 1
    assert found[0].startswith("UserQueuePolicy TopicSends:")
    assert found[0].endswith(complaint) or complaint in found[0]


ENCRYPTED_BY = {
    "AWS::SNS::Topic": "KmsMasterKeyId",
    "AWS::SQS::Queue": "KmsMasterKeyId",
    "AWS::SecretsManager::Secret": "KmsKeyId",
    "AWS::Logs::LogGroup": "KmsKeyId",
}


def unprotected(template: Json) -> list[str]:
    """Resources that hold data in the clear, keys that never change, logs kept for ever."""
    found = []
    for name, resource in template["Resources"].items():
        kind, properties = resource["Type"], resource.get("Properties", {})
        if kind in ENCRYPTED_BY and not properties.get(ENCRYPTED_BY[kind]):
            found.append(f"{name}: not encrypted by a key of ours")
        if kind == "AWS::KMS::Key" and properties.get("EnableKeyRotation") is not True:
            found.append(f"{name}: its key never rotates")
        if kind == "AWS::Logs::LogGroup" and not properties.get("RetentionInDays"):
            found.append(f"{name}: kept for ever")
    return found


def test_what_holds_data_is_encrypted(given: Json) -> None:
    assert unprotected(given) == []


@pytest.mark.parametrize(
    ("stack", "resource", "property_"),
    [
        ("messaging", "UserDlq", "KmsMasterKeyId"),
        ("messaging", "OpsAlarms", "KmsMasterKeyId"),
        ("messaging", "MessagingKey", "EnableKeyRotation"),
        ("identity", "WorkerSecret", "KmsKeyId"),
        ("edge", "AccessLog", "KmsKeyId"),
        ("edge", "AccessLog", "RetentionInDays"),
    ],
)
def test_what_is_not_encrypted_is_found(render: Render, stack: str, resource: str, property_: str) -> None:
    template = render("prod", stack)
    del template["Resources"][resource]["Properties"][property_]
    assert [line.split(":")[0] for line in unprotected(template)] == [resource]


def test_a_secret_leaves_a_stack_by_its_arn_alone(given: Json) -> None:
    outputs = json.dumps(given["Outputs"])
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
    registries = {f"{service}Registry" for service in ("Users", "Transactions", "Notifications", "Analytics")}
    names = {"MessagingKey", "UserPool", "DataKey", "Site"} | dead_letters | registries
    # Retain alone would also keep what a creation made before it failed, and so block the next attempt.
    expected = {name: {"RetainExceptOnCreate", "Retain"} for name in names} | {"Database": {"Snapshot"}}
    assert found == (expected if any_environment == "prod" else {})
