"""templates.py: what CloudFormation would evaluate, and what it would refuse, in one line."""

from pathlib import Path
from typing import Any

import pytest

from skillsync.templates import KNOWN_LATER, Template, TemplateError, load, render

TEMPLATE = """
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  EnvName: {Type: String, AllowedPattern: "[a-z][a-z0-9-]{1,9}"}
  Mode: {Type: String, AllowedValues: [http, vpc-link], Default: http}
  Listener: {Type: String, Default: ""}
  Origins: {Type: CommaDelimitedList, Default: "http://a.example, http://b.example"}
  Rate: {Type: Number, Default: 50, MinValue: 1, MaxValue: 100}
  Secret: {Type: String, Default: "long enough", MinLength: 8, NoEcho: true}
Mappings:
  Sizes: {small: {cpu: 256}}
Rules:
  LinkNeedsListener:
    RuleCondition: !Equals [!Ref Mode, vpc-link]
    Assertions:
      - Assert: !Not [!Equals [!Ref Listener, ""]]
        AssertDescription: Mode vpc-link needs Listener.
Conditions:
  UseLink: !Equals [!Ref Mode, vpc-link]
  Plain: !Not [!Condition UseLink]
  Both: !And [!Condition UseLink, !Equals [!Ref EnvName, prod]]
  Either: !Or [!Condition UseLink, !Equals [!Ref EnvName, local]]
Resources:
  Queue:
    Type: AWS::SQS::Queue
    DependsOn: [Link, Topic]
    Properties:
      QueueName: !Sub "${EnvName}-user-queue"
      Link: !If [UseLink, !Ref Link, !Ref AWS::NoValue]
      Kept: [a, !If [UseLink, b, !Ref AWS::NoValue]]
      Topic: !Ref Topic
      TopicName: !GetAtt Topic.TopicName
      Mixed: !Sub "${EnvName}/${Topic.TopicName}/${!Literal}"
      Known: !Sub ["${a}-${AWS::Region}-${!Literal}", {a: !Ref EnvName}]
      Given: !Sub ["${a}-${EnvName}", {a: !GetAtt Topic.TopicArn}]
      Joined: !Join ["-", [!Ref EnvName, queue, !Ref Rate]]
      JoinedLater: !Join ["", [!Ref EnvName, !GetAtt Topic.TopicArn]]
      Second: !Select [1, !Ref Origins]
      Host: !Select [1, !Split ["//", !Select [0, !Ref Origins]]]
      Cpu: !FindInMap [Sizes, small, cpu]
      Policy: {Version: 2012-10-17, Condition: {StringEquals: {"aws:SourceAccount": !Ref AWS::AccountId}}}
  Link:
    Type: AWS::ApiGatewayV2::VpcLink
    Condition: UseLink
    Properties: {Name: !Ref EnvName}
  Topic: {Type: AWS::SNS::Topic}
Outputs:
  QueueArn: {Value: !GetAtt Queue.Arn}
  LinkId: {Condition: UseLink, Value: !Ref Link}
  Local: {Condition: Either, Value: yes-local}
  Production: {Condition: Both, Value: both}
  Plain: {Condition: Plain, Value: plain}
"""


def template_of(directory: Path, text: str = TEMPLATE) -> Template:
    path = directory / "example.yaml"
    path.write_text(text)
    return load(path)


def queue(directory: Path, **parameters: str) -> dict[str, Any]:
    rendered = render(template_of(directory), {"EnvName": "local", **parameters})
    properties: dict[str, Any] = rendered["Resources"]["Queue"]["Properties"]
    return properties


def test_short_tags_are_read_in_their_long_form(tmp_path: Path) -> None:
    properties = template_of(tmp_path)["Resources"]["Queue"]["Properties"]
    assert properties["Topic"] == {"Ref": "Topic"}
    assert properties["TopicName"] == {"Fn::GetAtt": ["Topic", "TopicName"]}
    assert properties["QueueName"] == {"Fn::Sub": "${EnvName}-user-queue"}
    assert template_of(tmp_path)["Conditions"]["Plain"] == {"Fn::Not": [{"Condition": "UseLink"}]}


def test_dates_stay_text(tmp_path: Path) -> None:
    assert template_of(tmp_path)["AWSTemplateFormatVersion"] == "2010-09-09"
    assert queue(tmp_path)["Policy"]["Version"] == "2012-10-17"


def test_intrinsics_are_evaluated(tmp_path: Path) -> None:
    properties = queue(tmp_path)
    assert properties["QueueName"] == "local-user-queue"
    assert properties["Known"] == "local-us-east-1-${Literal}"
    assert properties["Joined"] == "local-queue-50"
    assert properties["Second"] == "http://b.example"
    assert properties["Host"] == "a.example"
    assert properties["Cpu"] == 256
    assert properties["Policy"]["Condition"] == {"StringEquals": {"aws:SourceAccount": "000000000000"}}


def test_references_between_resources_stay(tmp_path: Path) -> None:
    properties = queue(tmp_path)
    assert properties["Topic"] == {"Ref": "Topic"}
    assert properties["TopicName"] == {"Fn::GetAtt": ["Topic", "TopicName"]}
    assert properties["Mixed"] == {"Fn::Sub": "local/${Topic.TopicName}/${!Literal}"}
    assert properties["Given"] == {"Fn::Sub": ["${a}-local", {"a": {"Fn::GetAtt": ["Topic", "TopicArn"]}}]}
    assert properties["JoinedLater"] == {"Fn::Join": ["", ["local", {"Fn::GetAtt": ["Topic", "TopicArn"]}]]}


def test_references_are_resolved_when_told_how(tmp_path: Path) -> None:
    rendered = render(
        template_of(tmp_path), {"EnvName": "local"}, resolve=lambda name, attribute: f"<{name}.{attribute}>"
    )
    properties = rendered["Resources"]["Queue"]["Properties"]
    assert properties["Topic"] == "<Topic.None>"
    assert properties["Mixed"] == "local/<Topic.TopicName>/${Literal}"
    assert properties["JoinedLater"] == "local<Topic.TopicArn>"


def test_no_value_removes_property_and_item(tmp_path: Path) -> None:
    assert "Link" not in queue(tmp_path)
    assert queue(tmp_path)["Kept"] == ["a"]
    linked = queue(tmp_path, Mode="vpc-link", Listener="arn")
    assert linked["Link"] == {"Ref": "Link"}
    assert linked["Kept"] == ["a", "b"]


def test_conditions_choose_resources_outputs_and_dependencies(tmp_path: Path) -> None:
    plain = render(template_of(tmp_path), {"EnvName": "local"})
    assert set(plain["Resources"]) == {"Queue", "Topic"}
    assert plain["Resources"]["Queue"]["DependsOn"] == ["Topic"]
    assert set(plain["Outputs"]) == {"QueueArn", "Local", "Plain"}
    linked = render(template_of(tmp_path), {"EnvName": "prod", "Mode": "vpc-link", "Listener": "arn"})
    assert set(linked["Resources"]) == {"Queue", "Topic", "Link"}
    assert "Condition" not in linked["Resources"]["Link"]
    assert set(linked["Outputs"]) == {"QueueArn", "LinkId", "Local", "Production"}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "example.yaml: parameter EnvName: no value given, and no Default"),
        ({"EnvName": "Local"}, "example.yaml: parameter EnvName: 'Local' does not match AllowedPattern [a-z]"),
        ({"EnvName": "local\nx"}, "parameter EnvName: 'local\\nx' does not match AllowedPattern"),
        ({"EnvName": "local", "Mode": "tcp"}, "parameter Mode: 'tcp' is not one of AllowedValues http, vpc-link"),
        ({"EnvName": "local", "Rate": "many"}, "parameter Rate: 'many' is not a Number"),
        ({"EnvName": "local", "Rate": "101"}, "parameter Rate: '101' is not within MinValue and MaxValue"),
        ({"EnvName": "local", "Wrong": "x"}, "parameter Wrong: not declared"),
        ({"EnvName": "local", "Mode": "vpc-link"}, "rule LinkNeedsListener: Mode vpc-link needs Listener."),
    ],
)
def test_a_refused_parameter_is_named_with_its_rule(tmp_path: Path, parameters: dict[str, str], message: str) -> None:
    with pytest.raises(TemplateError) as refused:
        render(template_of(tmp_path), parameters)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_secret_parameter_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="parameter Secret: the value is not within MinLength") as refused:
        render(template_of(tmp_path), {"EnvName": "local", "Secret": "hunter2"})
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("A: {Type: T, Properties: {x: !Ref Nowhere}}", "reference to Nowhere, which is not declared"),
        (
            "A: {Type: T, Properties: {x: !GetAtt B.Arn}}\n  B: {Type: T, Condition: No}",
            "B, which a condition excludes",
        ),
        ("A: {Type: T, Properties: {x: {'Fn::ForEach': []}}}", "Fn::ForEach is not known"),
        ("A: {Type: T, Condition: Unknown}", "condition Unknown: not declared"),
        ("A: {Type: T, Condition: Self}", "condition Self: refers to itself"),
        ("A: {Type: T, Properties: {x: !Select [3, [a]]}}", "Fn::Select: no item 3 of 1"),
        ("A: {Type: T, DependsOn: Nowhere}", "resource A depends on Nowhere, which is not declared"),
    ],
)
def test_what_leads_nowhere_is_refused(tmp_path: Path, body: str, message: str) -> None:
    conditions = "Conditions:\n  No: !Equals [a, b]\n  Self: !Not [!Condition Self]\n"
    with pytest.raises(TemplateError) as refused:
        render(template_of(tmp_path, f"{conditions}Resources:\n  {body}\n"), {})
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Resources: {A: {Type: T}, A: {Type: T}}", "example.yaml:1: key 'A' occurs twice"),
        ("Resources:\n  A: !Wrong x", "example.yaml:2: unknown tag !Wrong"),
        ("Resources: [", "example.yaml:1: "),
        ("just text", "example.yaml: no Resources"),
    ],
)
def test_a_file_that_is_no_template_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TemplateError) as refused:
        template_of(tmp_path, text)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"gone\.yaml: cannot be read \(No such file or directory\)"):
        load(tmp_path / "gone.yaml")


def test_what_is_known_later_is_held_against_no_rule_and_stays_open(tmp_path: Path) -> None:
    file = tmp_path / "later.yaml"
    file.write_text(
        "Parameters:\n"
        "  Image: {Type: String, AllowedPattern: '.+@sha256:[0-9a-f]{64}'}\n"
        "  SubnetIds: {Type: List<AWS::EC2::Subnet::Id>}\n"
        "  Tasks: {Type: Number, MinValue: 1}\n"
        "Rules: {HasImage: {Assertions: [{Assert: !Not [!Equals [!Ref Image, '']]}]}}\n"
        "Resources:\n"
        "  Task: {Type: AWS::ECS::TaskDefinition, Properties: {Family: !Ref Image, Cpu: !Select [2, !Ref SubnetIds]}}\n"
    )
    values = dict.fromkeys(("Image", "SubnetIds", "Tasks"), KNOWN_LATER)
    task = render(load(file), values)["Resources"]["Task"]
    assert task["Properties"] == {"Family": KNOWN_LATER, "Cpu": KNOWN_LATER}
    with pytest.raises(TemplateError, match="AllowedPattern"):
        render(load(file), values | {"Image": "nginx:latest"})
