"""Tasks that run once, on ECS: a release's migrations, before its services change."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from skillsync.errors import Problem
from skillsync.stacks.waiting import attempts

_DEADLINE_SECONDS = 1800.0
_LINES = 5


@dataclass(frozen=True)
class Job:
    """A task to run: its stack's name, and the outputs and parameters that say where and as what."""

    name: str
    values: Mapping[str, str]


def run(
    ecs: Any, logs: Any, jobs: Sequence[Job], started_by: str, *, deadline_seconds: float = _DEADLINE_SECONDS
) -> None:
    """Run all at once and wait until each has ended. Raises Problem with the first that did not end with 0."""
    give_up_at = time.monotonic() + deadline_seconds
    started = [(job, _start(ecs, job, started_by)) for job in jobs]
    for job, task in started:
        _wait(ecs, logs, job, task, give_up_at)


def _start(ecs: Any, job: Job, started_by: str) -> str:
    values = job.values
    answer = ecs.run_task(
        cluster=values["ClusterName"],
        taskDefinition=values["TaskDefinitionArn"],
        launchType="FARGATE",
        startedBy=started_by,
        networkConfiguration={
            "awsvpcConfiguration": {
                "subnets": values["TaskSubnetIds"].split(","),
                "securityGroups": [values["TasksGroupId"]],
                "assignPublicIp": values["AssignPublicIp"],
            }
        },
    )
    if answer["failures"]:
        raise Problem(f"{job.name}: the task was not started: {answer['failures'][0].get('reason', 'no reason given')}")
    return str(answer["tasks"][0]["taskArn"])


def _wait(ecs: Any, logs: Any, job: Job, arn: str, give_up_at: float) -> None:
    for _ in attempts(job.name, give_up_at):
        task = ecs.describe_tasks(cluster=job.values["ClusterName"], tasks=[arn])["tasks"][0]
        if task["lastStatus"] == "STOPPED":
            break
    failed = [one for one in task["containers"] if one.get("exitCode") != 0]
    if failed:
        code = failed[0].get("exitCode")
        how = f"ended with {code}" if code is not None else "did not start"
        why = failed[0].get("reason") or task.get("stoppedReason") or "no reason given"
        said = _last_lines(ecs, logs, task, failed[0]["name"])
        raise Problem(f"{job.name}: the task {how}: {why}" + (f": {said}" if said else ""))


def _last_lines(ecs: Any, logs: Any, task: Mapping[str, Any], container: str) -> str:
    """What the container wrote last, on one line; "" when it wrote nothing, or not to CloudWatch."""
    definition = ecs.describe_task_definition(taskDefinition=task["taskDefinitionArn"])["taskDefinition"]
    containers = {one["name"]: one for one in definition["containerDefinitions"]}
    options = containers[container].get("logConfiguration", {}).get("options", {})
    if "awslogs-stream-prefix" not in options:
        return ""
    stream = f"{options['awslogs-stream-prefix']}/{container}/{task['taskArn'].rpartition('/')[2]}"
    try:
        events = logs.get_log_events(logGroupName=options["awslogs-group"], logStreamName=stream, limit=_LINES)
    except logs.exceptions.ResourceNotFoundException:
        return ""
    return " ".join(" ".join(event["message"].split()) for event in events["events"])
