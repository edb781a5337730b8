"""A checkout with small templates of its own, and a cloud account that holds nothing yet."""

import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from skillsync import main, paths
from skillsync_testing.emulator import Emulator

_accounts = itertools.count(777_000_000_001)

ENVIRONMENTS = """
dev-*:
  region: us-east-1
  parameters: {Days: 1}
staging:
  region: us-east-1
  account: "999999999999"
  parameters: {Days: 2}
prod:
  region: us-east-1
  protected: true
  parameters: {Days: 7}
"""
STACKS = """
- name: base
- name: jobs
  template: job
  set: {Kind: job}
  from: {Image: UsersImage}
- name: top
"""
BASE = """
Parameters: {EnvName: {Type: String}, Days: {Type: Number}}
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref EnvName}}
  Queue:
    Type: AWS::SQS::Queue
    DependsOn: Topic
    Properties: {MessageRetentionPeriod: !Sub "${Days}00000"}
  Users:
    Type: AWS::ECR::Repository
    Properties: {RepositoryName: !Sub "${EnvName}-users", EmptyOnDelete: true}
  Cluster: {Type: AWS::ECS::Cluster, Properties: {ClusterName: !Ref EnvName}}
Outputs:
  TopicArn: {Value: !Ref Topic}
  UsersRegistryUri: {Value: !GetAtt Users.RepositoryUri}
  ClusterName: {Value: !Ref Cluster}
"""
JOB = """
Parameters:
  EnvName: {Type: String}
  Kind: {Type: String}
  Image: {Type: String}
  CollectorImage: {Type: String, Default: ""}
  Release: {Type: String}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: !Sub "${EnvName}-${Kind}"
      RequiresCompatibilities: [FARGATE]
      NetworkMode: awsvpc
      Cpu: "256"
      Memory: "512"
      ContainerDefinitions:
        - {Name: app, Image: !Ref Image, Essential: true, Environment: [{Name: RELEASE, Value: !Ref Release}]}
Outputs:
  TaskDefinitionArn: {Value: !Ref Task}
  TaskSubnetIds: {Value: "subnet-1,subnet-2"}
  TasksGroupId: {Value: sg-1}
  AssignPublicIp: {Value: DISABLED}
"""
TOP = """
Parameters: {TopicArn: {Type: String}, Title: {Type: String, Default: first}}
Resources:
  Note: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !Sub "${Title} ${TopicArn}"}}
"""


class Checkout:
    """A git repository whose `infra/` a test may change."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "--quiet", "--initial-branch=main")
        self.write("environments.yaml", ENVIRONMENTS)
        self.write("stacks.yaml", STACKS)
        self.write("templates/base.yaml", BASE)
        self.write("templates/job.yaml", JOB)
        self.write("templates/top.yaml", TOP)

    def git(self, *arguments: str) -> str:
        who = ("-c", "user.name=Test", "-c", "user.email=test@people.example")
        done = subprocess.run(  # noqa: S603
            ["git", *who, *arguments],  # noqa: S607
            cwd=self.root,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def write(self, name: str, text: str) -> None:
        file = self.root / "infra" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def change(self, name: str, old: str, new: str) -> None:
        text = (self.root / "infra" / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def release(self, tag: str) -> None:
        """Commit everything under this tag."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", tag)
        self.git("tag", tag)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """One that the command takes for its own, with the release v1."""
    made = Checkout(tmp_path)
    made.release("v1")
    found = paths.Paths(root=tmp_path, state=tmp_path / ".skillsync")
    monkeypatch.setattr("skillsync.releases.commands.find_paths", lambda: found)
    return made


Client = Callable[[str], Any]


@pytest.fixture
def account(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A function from a service's name to its client, in an account of the test's own; the command finds it too."""
    # A session remembers the credentials it found first, and those are another test's.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    for name, value in emulator.client_environment(str(next(_accounts))).items():
        monkeypatch.setenv(name, value)
    return boto3.client  # type: ignore[return-value]


class Ended:
    """How a command ended: its exit status, and what it wrote to stdout and stderr."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status = status
        self.out = out
        self.err = err


Run = Callable[..., Ended]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A function that runs `skillsync` with these arguments."""

    def call(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["skillsync", *arguments])
        with pytest.raises(SystemExit) as ended:
            main.main()
        captured = capsys.readouterr()
        return Ended(int(ended.value.code or 0), captured.out, captured.err)

    return call
