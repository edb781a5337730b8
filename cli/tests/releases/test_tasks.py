"""One-off tasks: started all together, waited for, and a failing one named with what it wrote last."""

from types import SimpleNamespace
from typing import Any

import pytest

from skillsync.errors import Problem
from skillsync.releases import tasks
from skillsync.releases.tasks import Job
from skillsync.stacks import StackError

VALUES = {
    "ClusterName": "cluster",
    "TaskDefinitionArn": "definition",
    "TaskSubnetIds": "subnet-1,subnet-2",
    "TasksGroupId": "sg-1",
    "AssignPublicIp": "DISABLED",
}
USERS, BOOKS = Job("migrate-users", VALUES), Job("migrate-transactions", VALUES)


class Ecs:
    """ECS as far as a job sees it: each task goes through the states planned for it, the last one stays."""

    def __init__(self, *containers: dict[str, Any], failures: list[dict[str, str]] | None = None) -> None:
        self.containers = list(containers)
        self.failures = failures or []
        self.started: list[dict[str, Any]] = []
        self.looks = 0

    def run_task(self, **given: Any) -> dict[str, Any]:
        self.started.append(given)
        return {"failures": self.failures, "tasks": [{"taskArn": f"arn:task/cluster/{len(self.started) - 1}"}]}

    def describe_tasks(self, cluster: str, tasks: list[str]) -> dict[str, Any]:
        self.looks += 1
        number = int(tasks[0].rpartition("/")[2])
        state = "RUNNING" if self.looks == 1 else "STOPPED"
        return {
            "tasks": [
                {
                    "taskArn": tasks[0],
                    "taskDefinitionArn": "definition",
                    "lastStatus": state,
                    "stoppedReason": "Essential container in task exited",
                    "containers": [{"name": "app"} | self.containers[number]],
                }
            ]
        }

    def describe_task_definition(self, **_: Any) -> dict[str, Any]:
        options = {"awslogs-group": "/group", "awslogs-stream-prefix": "job"}
        return {"taskDefinition": {"containerDefinitions": [{"name": "app", "logConfiguration": {"options": options}}]}}


class Logs:
    """CloudWatch Logs with one stream."""

    exceptions = SimpleNamespace(ResourceNotFoundException=KeyError)

    def get_log_events(self, logGroupName: str, logStreamName: str, limit: int) -> dict[str, Any]:
        lines = {("/group", "job/app/1"): ["The database cannot be migrated:\n", "no such table"]}
        return {"events": [{"message": line} for line in lines[logGroupName, logStreamName]]}


def test_all_are_started_before_one_is_waited_for() -> None:
    ecs = Ecs({"exitCode": 0}, {"exitCode": 0})
    tasks.run(ecs, Logs(), [USERS, BOOKS], "skillsync-1")
    assert len(ecs.started) == 2
    assert ecs.started[0]["networkConfiguration"]["awsvpcConfiguration"] == {
        "subnets": ["subnet-1", "subnet-2"],
        "securityGroups": ["sg-1"],
        "assignPublicIp": "DISABLED",
    }
    assert ecs.started[0]["startedBy"] == "skillsync-1"


def test_one_that_fails_is_named_with_its_last_lines() -> None:
    with pytest.raises(Problem) as failed:
        tasks.run(Ecs({"exitCode": 0}, {"exitCode": 1}), Logs(), [USERS, BOOKS], "skillsync-1")
    assert str(failed.value) == (
        "migrate-transactions: the task ended with 1: Essential container in task exited: "
        "The database cannot be migrated: no such table"
    )


def test_one_that_never_started_says_why() -> None:
    never = {"reason": "CannotPullContainerError: not found"}
    with pytest.raises(Problem, match=r"^migrate-users: the task did not start: CannotPullContainerError: not found$"):
        tasks.run(Ecs(never), Logs(), [USERS], "skillsync-1")


def test_one_that_ecs_does_not_take_says_why() -> None:
    with pytest.raises(Problem, match=r"^migrate-users: the task was not started: RESOURCE:CPU$"):
        tasks.run(Ecs(failures=[{"reason": "RESOURCE:CPU"}]), Logs(), [USERS], "skillsync-1")


def test_one_that_does_not_end_is_given_up() -> None:
    with pytest.raises(StackError, match=r"^migrate-users: not finished after"):
        tasks.run(Ecs({"exitCode": 0}), Logs(), [USERS], "skillsync-1", deadline_seconds=0)
