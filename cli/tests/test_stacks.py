"""skillsync.stacks: what an environment consists of, and how a stack is made, against a scripted CloudFormation.

How it does on a whole cloud is in `infra/tests/test_deployment.py`.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from skillsync import stacks
from skillsync.stacks import Change, Environment, Stack, StackError

BODY = "Resources: {Topic: {Type: AWS::SNS::Topic}}"
STACK_ID = "arn:aws:cloudformation:us-east-1:000000000000:stack/trial/1"
NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."


class ScriptedCloudFormation:
    """CloudFormation as far as `deploy` sees it: each list holds the answers to come, its last one stays."""

    def __init__(self, *statuses: str | None) -> None:
        self.statuses = list(statuses)
        self.change_set = [("CREATE_COMPLETE", "")]
        self.events: list[list[tuple[str, str, str]]] = [[("trial", "CREATE_COMPLETE", "")]]
        self.calls: list[str] = []
        self.created: dict[str, Any] = {}
        self.token = ""
        self.body = "Resources: {}"
        self.parameters: dict[str, str] = {}
        self.changes: list[dict[str, Any]] = []

    @staticmethod
    def _next(answers: list[Any]) -> Any:
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def describe_stacks(self, **_: Any) -> dict[str, Any]:
        status = self._next(self.statuses)
        if status is None:
            error = {"Error": {"Code": "ValidationError", "Message": "Stack with id trial does not exist"}}
            raise ClientError(error, "DescribeStacks")  # type: ignore[arg-type]
        outputs = [{"OutputKey": "TopicArn", "OutputValue": "arn:topic"}]
        parameters = [{"ParameterKey": name, "ParameterValue": value} for name, value in self.parameters.items()]
        stack = {"StackId": STACK_ID, "StackStatus": status, "Outputs": outputs, "Parameters": parameters}
        return {"Stacks": [stack | {"Tags": [{"Key": "release", "Value": "before"}]}]}

    def get_template(self, **_: Any) -> dict[str, str]:
        return {"TemplateBody": self.body}

    def create_change_set(self, **given: Any) -> dict[str, str]:
        self.calls.append(f"create_change_set {given['ChangeSetType']}")
        self.created = given
        return {"Id": "arn:change-set"}

    def describe_change_set(self, **_: Any) -> dict[str, Any]:
        status, reason = self._next(self.change_set)
        return {"Status": status, "StatusReason": reason}

    def delete_change_set(self, **_: Any) -> None:
        self.calls.append("delete_change_set")

    def execute_change_set(self, **given: Any) -> None:
        self.calls.append("execute_change_set")
        self.token = given["ClientRequestToken"]
        self.statuses = ["CREATE_COMPLETE"]

    def delete_stack(self, **given: Any) -> None:
        self.calls.append("delete_stack")
        self.token = given.get("ClientRequestToken", "")
        self.statuses = [None]

    def describe_stack_events(self, **_: Any) -> dict[str, Any]:
        """Newest first, as CloudFormation does; an event of an earlier operation always comes last."""
        events = [(name, status, reason, self.token) for name, status, reason in self._next(self.events)]
        return {
            "StackEvents": [
                {
                    "StackName": "trial",
                    "StackId": STACK_ID,
                    "LogicalResourceId": name,
                    "PhysicalResourceId": STACK_ID if name == "trial" else name,
                    "ResourceType": "AWS::SQS::Queue",
                    "ResourceStatus": status,
                    "ResourceStatusReason": reason,
                    "ClientRequestToken": token,
                    "EventId": f"{token} {name} {status}",
                }
                for name, status, reason, token in [*events, ("trial", "UPDATE_FAILED", "long ago", "earlier")]
            ]
        }

    def get_paginator(self, operation: str) -> "Pages":
        if operation == "describe_change_set":
            # In two pages, as a long one comes.
            return Pages(lambda: [{"Changes": self.changes[:1]}, {"Changes": self.changes[1:]}])
        return Pages(lambda: [self.describe_stack_events()])


class Pages:
    """What a paginator gives."""

    def __init__(self, read: Callable[[], list[dict[str, Any]]]) -> None:
        self._read = read

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return self._read()


def deploy(client: ScriptedCloudFormation, **options: Any) -> dict[str, str]:
    return stacks.deploy(client, "trial", BODY, {"EnvName": "trial"}, {"app": "skillsync"}, **options)  # type: ignore[arg-type]


def test_a_stack_that_is_not_there_is_created() -> None:
    client = ScriptedCloudFormation(None)
    assert deploy(client) == {"TopicArn": "arn:topic"}
    assert client.calls == ["create_change_set CREATE", "execute_change_set"]
    assert client.created["TemplateBody"] == BODY
    assert client.created["Parameters"] == [{"ParameterKey": "EnvName", "ParameterValue": "trial"}]
    assert client.created["Tags"] == [{"Key": "app", "Value": "skillsync"}]


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_a_stack_that_is_there_is_updated(status: str) -> None:
    client = ScriptedCloudFormation(status)
    client.events = [[("trial", "UPDATE_COMPLETE", "")]]
    deploy(client)
    assert client.calls == ["create_change_set UPDATE", "execute_change_set"]


def test_without_changes_nothing_is_executed_and_no_change_set_left() -> None:
    client = ScriptedCloudFormation("UPDATE_COMPLETE")
    client.change_set = [("CREATE_IN_PROGRESS", ""), ("FAILED", NO_CHANGES)]
    assert deploy(client) == {"TopicArn": "arn:topic"}
    assert client.calls == ["create_change_set UPDATE", "delete_change_set"]


def test_a_stack_of_the_same_text_and_values_is_not_even_asked() -> None:
    client = ScriptedCloudFormation("UPDATE_COMPLETE")
    client.body, client.parameters = f"Parameters: {{EnvName: {{}}, Size: {{Default: 3}}}}\n{BODY}", {}
    client.parameters = {"EnvName": "trial", "Size": "3"}
    same = {"EnvName": "trial"}
    assert stacks.deploy(client, "trial", client.body, same, {"release": "v2"}) == {"TopicArn": "arn:topic"}  # type: ignore[arg-type]
    assert stacks.preview(client, "trial", client.body, same) == ()  # type: ignore[arg-type]
    assert client.calls == []
    # A value that CloudFormation does not show is never known to be the same.
    client.parameters["EnvName"] = "****"
    client.events = [[("trial", "UPDATE_COMPLETE", "")]]
    stacks.deploy(client, "trial", client.body, same)  # type: ignore[arg-type]
    assert client.calls == ["create_change_set UPDATE", "execute_change_set"]


def test_a_preview_tells_every_change_but_tags_and_leaves_nothing() -> None:
    client = ScriptedCloudFormation("UPDATE_COMPLETE")
    one = {"Action": "Modify", "LogicalResourceId": "Queue", "ResourceType": "AWS::SQS::Queue"}
    client.changes = [
        {"ResourceChange": one | {"Scope": ["Tags"]}},
        {"ResourceChange": one | {"Scope": ["Properties"], "Replacement": "True"}},
        {"ResourceChange": {"Action": "Add", "LogicalResourceId": "Topic", "ResourceType": "AWS::SNS::Topic"}},
    ]
    assert stacks.preview(client, "trial", BODY, {}) == (  # type: ignore[arg-type]
        Change("Modify", "Queue", "AWS::SQS::Queue", "True"),
        Change("Add", "Topic", "AWS::SNS::Topic"),
    )
    assert client.calls == ["create_change_set UPDATE", "delete_change_set"]
    assert client.created["Tags"] == [{"Key": "release", "Value": "before"}]
    new = ScriptedCloudFormation(None)
    stacks.preview(new, "trial", BODY, {})  # type: ignore[arg-type]
    assert new.calls == ["create_change_set CREATE", "delete_change_set", "delete_stack"]


def test_each_event_of_the_operation_is_told_once_and_in_order() -> None:
    client = ScriptedCloudFormation(None)
    begun = ("Queue", "CREATE_IN_PROGRESS", "")
    client.events = [[begun], [("Queue", "CREATE_COMPLETE", ""), begun], [("trial", "CREATE_COMPLETE", ""), begun]]
    told: list[str] = []
    deploy(client, on_event=lambda event: told.append(f"{event.resource} {event.status}"))
    assert told == ["Queue CREATE_IN_PROGRESS", "Queue CREATE_COMPLETE", "trial CREATE_COMPLETE"]


def test_another_operation_is_waited_for() -> None:
    client = ScriptedCloudFormation("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE")
    client.events = [[("trial", "UPDATE_IN_PROGRESS", "")], [("trial", "UPDATE_COMPLETE", "")]]
    deploy(client)
    assert client.calls == ["create_change_set UPDATE", "execute_change_set"]


def test_a_stack_in_review_is_created() -> None:
    client = ScriptedCloudFormation("REVIEW_IN_PROGRESS")
    deploy(client)
    assert client.calls == ["create_change_set CREATE", "execute_change_set"]


def test_the_remains_of_a_failed_creation_are_removed_first() -> None:
    client = ScriptedCloudFormation("ROLLBACK_COMPLETE")
    client.events = [[("trial", "DELETE_COMPLETE", "")], [("trial", "CREATE_COMPLETE", "")]]
    deploy(client)
    assert client.calls == ["delete_stack", "create_change_set CREATE", "execute_change_set"]


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_FAILED", "ROLLBACK_FAILED", "DELETE_FAILED", "CREATE_FAILED"])
def test_a_stack_that_takes_no_update_is_named_with_its_state(status: str) -> None:
    client = ScriptedCloudFormation(status)
    with pytest.raises(StackError, match=rf"^trial: is {status} and takes no update"):
        deploy(client)
    assert client.calls == []


def test_a_failure_is_the_first_one_and_none_of_its_consequences() -> None:
    client = ScriptedCloudFormation(None)
    client.events = [
        [("Queue", "CREATE_IN_PROGRESS", "")],
        [
            ("trial", "ROLLBACK_COMPLETE", ""),
            ("Other", "CREATE_FAILED", "Resource creation cancelled"),
            ("Second", "CREATE_FAILED", "No room either"),
            ("Queue", "CREATE_FAILED", "Invalid value\nfor the parameter"),
            ("trial", "CREATE_IN_PROGRESS", ""),
        ],
    ]
    with pytest.raises(StackError, match=r"^trial: Queue \(AWS::SQS::Queue\): Invalid value for the parameter$"):
        deploy(client)


def test_the_end_of_an_earlier_operation_is_not_taken_for_this_ones() -> None:
    client = ScriptedCloudFormation("UPDATE_ROLLBACK_COMPLETE")
    client.events = [[], [("trial", "UPDATE_IN_PROGRESS", "")], [("trial", "UPDATE_COMPLETE", "")]]
    deploy(client)
    assert len(client.events) == 1  # each answer was asked for


def test_a_failed_change_set_of_a_new_stack_leaves_nothing() -> None:
    client = ScriptedCloudFormation(None)
    client.change_set = [("FAILED", "Template error")]
    with pytest.raises(StackError, match=r"^trial: the change set failed: Template error$"):
        deploy(client)
    assert client.calls == ["create_change_set CREATE", "delete_change_set", "delete_stack"]


def test_waiting_ends_at_the_deadline() -> None:
    client = ScriptedCloudFormation("UPDATE_IN_PROGRESS")
    with pytest.raises(StackError, match=r"^trial: not finished after"):
        deploy(client, deadline_seconds=0.05)
    assert client.calls == []


def test_a_cloud_that_does_not_answer_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    client = ScriptedCloudFormation(None)

    def refuse(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:9")

    monkeypatch.setattr(client, "describe_stacks", refuse)
    with pytest.raises(StackError, match=r"^trial: Could not connect to the endpoint URL") as error:
        deploy(client)
    assert "\n" not in str(error.value)
    with pytest.raises(StackError, match=r"^trial: Could not connect"):
        stacks.outputs(client, "trial")  # type: ignore[arg-type]


def test_outputs_of_no_stack_are_an_error() -> None:
    with pytest.raises(StackError, match=r"^trial: no such stack$"):
        stacks.outputs(ScriptedCloudFormation(None), "trial")  # type: ignore[arg-type]


def test_deleting_no_stack_is_fine() -> None:
    client = ScriptedCloudFormation(None)
    stacks.delete(client, "trial")  # type: ignore[arg-type]
    assert client.calls == []


def test_a_deletion_that_fails_names_the_resource() -> None:
    client = ScriptedCloudFormation("CREATE_COMPLETE")
    client.events = [[("trial", "DELETE_FAILED", "these failed: [Bucket]"), ("Bucket", "DELETE_FAILED", "not empty")]]
    with pytest.raises(StackError, match=r"^trial: Bucket \(.*\): not empty$"):
        stacks.delete(client, "trial")  # type: ignore[arg-type]


# What an environment consists of


def test_the_laptop_has_its_two_stacks_and_reads_the_edge_itself() -> None:
    env = stacks.environment("local")
    assert [stack.name for stack in stacks.plan(env)] == ["messaging", "identity"]
    assert [stack.stack_name for stack in stacks.plan(env)] == ["skillsync-local-messaging", "skillsync-local-identity"]
    edge = stacks.find_stack(env, "edge")
    assert edge.template == stacks.root() / "infra" / "templates" / "edge.yaml"
    assert edge.body.encode() == edge.template.read_bytes()


def test_everybodys_own_environment_is_made_from_one_pattern() -> None:
    mine, yours = stacks.environment("dev-ada"), stacks.environment("dev-bo")
    assert mine.parameters["EnvName"] == "dev-ada"
    assert {**mine.parameters, "EnvName": "dev-bo"} == yours.parameters
    assert [stack.name for stack in stacks.plan(mine)] == [stack.name for stack in stacks.declared(mine)]


def test_values_are_the_text_that_cloudformation_takes() -> None:
    assert stacks.environment("prod").parameters["RetainData"] == "true"
    assert stacks.environment("prod").parameters["LogDays"] == "90"


@pytest.mark.parametrize("name", ["produktion", "dev", ""])
def test_an_unknown_environment_is_named(name: str) -> None:
    with pytest.raises(StackError, match=rf"^environment {name}: not in infra/environments.yaml"):
        stacks.environment(name)


def test_an_unknown_stack_is_named() -> None:
    with pytest.raises(StackError, match=r"^stack absent: not in"):
        stacks.find_stack(stacks.environment("local"), "absent")


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    template = tmp_path / "trial.yaml"
    template.write_text(
        "Parameters: {EnvName: {Type: String}, TopicArn: {Type: String}, Size: {Type: Number, Default: 3}}\n" + BODY
    )
    return Stack("trial", "skillsync-local-trial", template)


LOCAL = Environment("local", "us-east-1", {"EnvName": "local", "Elsewhere": "1"})


def test_parameters_come_from_the_environment_and_earlier_outputs_and_only_those_declared(stack: Stack) -> None:
    found = stacks.wire(stack, LOCAL, {"TopicArn": "arn:topic", "Unused": "2"})
    assert found == {"EnvName": "local", "TopicArn": "arn:topic"}


def test_a_stack_may_fix_a_parameter_and_rename_an_output(stack: Stack) -> None:
    other = replace(stack, fixed={"EnvName": "fixed"}, renamed={"TopicArn": "EventsTopicArn"})
    found = stacks.wire(other, LOCAL, {"TopicArn": "arn:topic", "EventsTopicArn": "arn:events"})
    assert found == {"EnvName": "fixed", "TopicArn": "arn:events"}


def test_the_environment_wins_over_an_output_of_the_same_name(stack: Stack) -> None:
    env = replace(LOCAL, parameters={**LOCAL.parameters, "TopicArn": "arn:own"})
    assert stacks.wire(stack, env, {"TopicArn": "arn:topic"})["TopicArn"] == "arn:own"


def test_a_parameter_that_nothing_provides_is_an_error_before_anything_is_touched(stack: Stack) -> None:
    with pytest.raises(StackError, match=r"^skillsync-local-trial: nothing provides the parameter TopicArn$"):
        stacks.wire(stack, LOCAL, {})
