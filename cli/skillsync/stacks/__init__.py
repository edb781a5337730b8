"""Deploys the stacks of `infra/` through CloudFormation change sets, with the same calls on AWS and on an emulator.

`environment` and `plan` read what one environment consists of; `wire` fills a template's parameters from it and from
the outputs of earlier stacks; `deploy` makes one stack so; `deploy_all` goes through the plan.
"""

from skillsync.stacks.deployment import delete, deploy, deploy_all, outputs
from skillsync.stacks.environments import Environment, Stack, declared, environment, find_stack, plan, root, wire
from skillsync.stacks.errors import StackError

__all__ = [
    "Environment",
    "Stack",
    "StackError",
    "declared",
    "delete",
    "deploy",
    "deploy_all",
    "environment",
    "find_stack",
    "outputs",
    "plan",
    "root",
    "wire",
]
