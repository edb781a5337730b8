"""`deploy --plan`: what a release would change, stack by stack, before anything does."""

from collections.abc import Mapping
from dataclasses import dataclass

from skillsync import stacks, templates
from skillsync.releases.account import Account
from skillsync.stacks import Change, Environment, Stack
from skillsync.templates import KNOWN_LATER


@dataclass(frozen=True)
class Planned:
    """What one stack would change. `waits_for` names the parameters that only an earlier stack's change will tell."""

    stack: Stack
    changes: tuple[Change, ...]
    is_new: bool
    waits_for: tuple[str, ...] = ()


def plan(account: Account, env: Environment, given: Mapping[str, str]) -> list[Planned]:
    """Each stack in order. `given` are the parameters that come with the release, and not from a stack.

    A stack is asked of CloudFormation by a change set. One that waits for others cannot be: a new one is read from its
    template then, of one that is there only this is known. Raises StackError or TemplateError.
    """
    client = account.client("cloudformation")
    known = dict(given)
    planned = []
    for stack in stacks.plan(env):
        filled = stacks.wire(stack, env, known)
        waits_for = tuple(name for name, value in filled.items() if value == KNOWN_LATER)
        present = stacks.find_outputs(client, stack.stack_name)
        rendered = templates.render(stack.content, filled, env.region)
        if not waits_for:
            changes = stacks.preview(client, stack.stack_name, stack.body, filled)
        elif present is None:
            changes = tuple(Change("Add", name, one["Type"]) for name, one in rendered["Resources"].items())
        else:
            changes = ()
        known |= dict.fromkeys(rendered["Outputs"], KNOWN_LATER) | (present or {})
        planned.append(Planned(stack, changes, present is None, waits_for))
    return planned
