"""`skillsync diff`: how two environments differ, as their files say."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.markup import escape

from skillsync.local.tables import make_console
from skillsync.releases.account import problems
from skillsync.releases.reading import Reading, read
from skillsync.releases.view import View

_ABSENT = "-"


def show_difference(root: Path, one: str, other: str) -> None:
    """Print it. Raises Problem for an environment that is not in the files."""
    with problems():
        (_, left), (_, right) = read(one, root), read(other, root)
    view = View(make_console())
    view.say(f"[bold]{one}[/] → [bold]{other}[/]")
    lines = list(differences(left, right))
    for line in lines:
        view.say(escape(line))
    if not lines:
        view.say("  no difference but their names")


def differences(left: Mapping[str, Reading], right: Mapping[str, Reading]) -> Iterator[str]:
    """Yield a line for each stack, parameter and resource that differs; what only follows from EnvName does not."""
    for name in dict.fromkeys((*left, *right)):
        one, other = left.get(name), right.get(name)
        if one is None or other is None:
            yield f"{name}: only in the {'second' if one is None else 'first'}"
            continue
        found = [*_values(one.parameters, other.parameters), *_resources(one.resources, other.resources)]
        if found:
            yield f"{name}:"
            yield from (f"  {line}" for line in found)


def _values(left: Mapping[str, str], right: Mapping[str, str]) -> Iterator[str]:
    for name in sorted({*left, *right} - {"EnvName"}):
        one, other = left.get(name, _ABSENT), right.get(name, _ABSENT)
        if one != other:
            yield f"{name}: {one} → {other}"


def _resources(left: Mapping[str, Any], right: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(set(left) ^ set(right)):
        where, side = ("first", left) if name in left else ("second", right)
        yield f"{name} ({side[name]['Type']}): only in the {where}"
