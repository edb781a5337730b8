"""An environment as its files say, without asking AWS: what outputs will be is left open."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skillsync import stacks, templates
from skillsync.releases import images
from skillsync.stacks import Environment
from skillsync.templates import KNOWN_LATER


@dataclass(frozen=True)
class Reading:
    """One stack: its parameters as they are filled, and its resources and outputs as templates.render gives them."""

    parameters: Mapping[str, str]
    resources: Mapping[str, Any]
    outputs: Mapping[str, Any] = field(default_factory=dict)


def read(name: str, root: Path) -> tuple[Environment, dict[str, Reading]]:
    """The environment of the files at `root`, and its stacks by name, in order. Raises StackError or TemplateError."""
    env = stacks.environment(name, root)
    known = {f"{service}{images.IMAGE}": KNOWN_LATER for service in images.wanted(env)} | {"Release": KNOWN_LATER}
    found: dict[str, Reading] = {}
    for stack in stacks.plan(env):
        filled = stacks.wire(stack, env, known)
        rendered = templates.render(stack.content, filled, env.region)
        known |= dict.fromkeys(rendered["Outputs"], KNOWN_LATER)
        found[stack.name] = Reading(filled, rendered["Resources"], rendered["Outputs"])
    return env, found
