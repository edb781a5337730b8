"""Deploys the stacks of `infra/` through CloudFormation change sets, with the same calls on AWS and on an emulator.

`environment` and `plan` read what one environment consists of; `wire` fills a template's parameters from it and from
the outputs of earlier stacks; `preview` tells what `deploy` would change; `deploy_all` goes through the plan.
"""

from skillsync.stacks.changes import Change
from skillsync.stacks.deployment import delete, deploy, deploy_all, find_outputs, outputs, preview
from skillsync.stacks.environments import Environment, Stack, declared, environment, find_stack, plan, root, wire
from skillsync.stacks.errors import StackError
from skillsync.stacks.waiting import Event

__all__ = [
    "Change",
    "Environment",
    "Event",
    "Stack",
    "StackError",
    "declared",
    "delete",
    "deploy",
    "deploy_all",
    "environment",
    "find_outputs",
    "find_stack",
    "outputs",
    "plan",
    "preview",
    "root",
    "wire",
]
