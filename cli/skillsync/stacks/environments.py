"""What an environment consists of: `infra/environments.yaml`, `infra/stacks.yaml` and the templates' parameters."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from skillsync import templates
from skillsync.stacks.errors import StackError
from skillsync.templates import Template

__all__ = ["Environment", "Stack", "declared", "environment", "find_stack", "plan", "root", "wire"]

# As the templates have it (EnvName): looked at here, before anything is written under such a name.
_NAME = re.compile(r"[a-z][a-z0-9-]{1,19}")


def root() -> Path:
    """Return the repository: the folder above this file, else above the working directory, that has infra/stacks.yaml.

    Raises StackError when there is none.
    """
    for start in (Path(__file__).resolve().parent, Path.cwd()):
        for folder in (start, *start.parents):
            if (folder / "infra" / "stacks.yaml").is_file():
                return folder
    raise StackError("infra/stacks.yaml: not found above the skillsync package or the working directory")


@dataclass(frozen=True)
class Environment:
    """One environment of `environments.yaml`; `stacks` is None when it gets all of them.

    `account` is the one AWS account it lives in, None when any will do; `is_protected` keeps it from being destroyed
    and from anything that is in no commit; `root` is the folder whose `infra/` describes it.
    """

    name: str
    region: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    stacks: tuple[str, ...] | None = None
    account: str | None = None
    is_protected: bool = False
    root: Path = field(default_factory=root)


@dataclass(frozen=True)
class Stack:
    """One stack of an environment: `name` as in `stacks.yaml`, `stack_name` as CloudFormation knows it."""

    name: str
    stack_name: str
    template: Path
    fixed: Mapping[str, str] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> str:
        return self.template.read_text(encoding="utf-8")

    @property
    def content(self) -> Template:
        """The template, read: not to be changed. Raises TemplateError."""
        return templates.parsed(self.body, self.template.name)

    @property
    def is_job(self) -> bool:
        """Whether it makes a task that runs once, at each deployment: a migration."""
        return self.fixed.get("Kind") == "job"


def environment(name: str, folder: Path | None = None) -> Environment:
    """Return the environment of this name; `dev-*` in the file stands for every name of that pattern.

    It is read from `folder`, this repository when absent. Raises StackError when there is none, or for a name that
    the templates refuse.
    """
    folder = folder or root()
    declared: dict[str, Any] = yaml.safe_load((folder / "infra" / "environments.yaml").read_text(encoding="utf-8"))
    found = declared.get(name) or next((body for key, body in declared.items() if fnmatchcase(name, key)), None)
    if found is None:
        raise StackError(f"environment {name}: not in infra/environments.yaml ({', '.join(declared)})")
    if not _NAME.fullmatch(name):
        raise StackError(f"environment {name}: a name is 2 to 20 of a-z, 0-9 and hyphens, and begins with a letter")
    chosen = found.get("stacks")
    values = {"EnvName": name} | _texts(found.get("parameters", {}))
    account = found.get("account")
    return Environment(
        name=name,
        region=found["region"],
        parameters=values,
        stacks=None if chosen is None else tuple(chosen),
        account=None if account is None else f"{account:>012}",
        is_protected=found.get("protected", False),
        root=folder,
    )


def plan(env: Environment) -> list[Stack]:
    """Return the environment's stacks in the order they are made."""
    return [stack for stack in declared(env) if env.stacks is None or stack.name in env.stacks]


def find_stack(env: Environment, name: str) -> Stack:
    """Return a stack of `stacks.yaml`, whether the environment deploys it or not (the local gateway's `edge`).

    Raises StackError when there is none.
    """
    for stack in declared(env):
        if stack.name == name:
            return stack
    raise StackError(f"stack {name}: not in infra/stacks.yaml")


def declared(env: Environment) -> Iterator[Stack]:
    """Yield every stack of `stacks.yaml` under this environment's name."""
    infra = env.root / "infra"
    for entry in yaml.safe_load((infra / "stacks.yaml").read_text(encoding="utf-8")):
        name = entry["name"]
        yield Stack(
            name=name,
            stack_name=f"skillsync-{env.name}-{name}",
            template=infra / "templates" / f"{entry.get('template', name)}.yaml",
            fixed=_texts(entry.get("set", {})),
            renamed=entry.get("from", {}),
        )


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    """CloudFormation's parameters are text; YAML's booleans are written as its conditions compare them."""
    return {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in values.items()}


def wire(stack: Stack, env: Environment, known: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters of a stack. `known` holds the outputs of earlier stacks, and whatever the caller adds.

    Each is filled from the first of: the stack's own `set`, the environment, `known` under the name that `from` gives
    or its own; one that nothing fills keeps the template's default. Raises StackError for one without.
    """
    filled: dict[str, str] = {}
    for name, declared in stack.content.get("Parameters", {}).items():
        output = stack.renamed.get(name, name)
        for values, key in ((stack.fixed, name), (env.parameters, name), (known, output)):
            if key in values:
                filled[name] = values[key]
                break
        else:
            if "Default" not in declared:
                raise StackError(f"{stack.stack_name}: nothing provides the parameter {name}")
    return filled
