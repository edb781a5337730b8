"""Rules that are read off the syntax tree; each is seen to fail on a planted line."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
Rule = Callable[[Path, ast.Module], Iterator[str]]

# The unit of work commits; besides it only the schema's migration, which is no use case.
MAY_COMMIT = {"kit/skillsync_kit/database.py", "kit/skillsync_kit/migrations.py"}
# Time and ids are handed in: by these, and by the composition roots.
MAY_READ_CLOCK_AND_DICE = {"kit/skillsync_kit/clock.py", "kit/skillsync_kit/ids.py"}
HIDDEN_INPUTS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
    ("uuid", "uuid1"),
    ("uuid", "uuid4"),
    ("uuid", "uuid7"),
    ("uuid_utils", "uuid4"),
    ("uuid_utils", "uuid7"),
}


def production_files() -> list[Path]:
    """Every module of the kit and the services, relative to the root; tests and migrations excepted."""
    homes = [ROOT / "kit" / "skillsync_kit", *ROOT.glob("services/*/skillsync_*")]
    return sorted(path.relative_to(ROOT) for home in homes for path in home.rglob("*.py"))


def commits(path: Path, module: ast.Module) -> Iterator[str]:
    """Yield each call of a method named commit outside the unit of work."""
    if str(path) in MAY_COMMIT:
        return
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
            yield f"{path}:{node.lineno} commits; the unit of work does that, once"


def hidden_inputs(path: Path, module: ast.Module) -> Iterator[str]:
    """Yield each use of the clock or of random ids, by whatever import, called or passed on."""
    if str(path) in MAY_READ_CLOCK_AND_DICE or path.name == "main.py":
        return
    for node in ast.walk(module):
        match node:
            case ast.ImportFrom(module=source, names=names):
                found = [name.name for name in names if (source, name.name) in HIDDEN_INPUTS]
            case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name):
                found = [name] if (owner, name) in HIDDEN_INPUTS else []
            case _:
                continue
        for name in found:
            yield f"{path}:{node.lineno} uses {name}; time and ids are passed in"


def prints(path: Path, module: ast.Module) -> Iterator[str]:
    """Yield each print: stdout is for log lines."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield f"{path}:{node.lineno} prints; stdout is for JSON log lines"


def undocumented(path: Path, module: ast.Module) -> Iterator[str]:
    """Yield each public module, class, method and function of the kit that has no docstring."""
    if path.parts[0] != "kit":
        return
    if ast.get_docstring(module) is None:
        yield f"{path}:1 has no docstring"
    yield from _undocumented_members(path, module)


def _undocumented_members(path: Path, parent: ast.Module | ast.ClassDef) -> Iterator[str]:
    for node in parent.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
            continue
        if ast.get_docstring(node) is None:
            yield f"{path}:{node.lineno} {node.name} has no docstring"
        if isinstance(node, ast.ClassDef):
            yield from _undocumented_members(path, node)


RULES: list[Rule] = [commits, hidden_inputs, prints, undocumented]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_code_keeps_the_rule(rule: Rule) -> None:
    files = production_files()
    assert len(files) > 5
    assert [line for path in files for line in rule(path, ast.parse((ROOT / path).read_text()))] == []


def test_the_excepted_modules_exist_and_need_their_exception() -> None:
    for path in MAY_COMMIT | MAY_READ_CLOCK_AND_DICE:
        renamed = Path("kit/skillsync_kit/other.py")
        module = ast.parse((ROOT / path).read_text())
        assert list(commits(renamed, module)) + list(hidden_inputs(renamed, module)), path


@pytest.mark.parametrize(
    ("rule", "planted"),
    [
        (commits, "async def save(session):\n    await session.commit()"),
        (hidden_inputs, "from datetime import datetime\nnow = datetime.now()"),
        (hidden_inputs, "import datetime\nnow = datetime.datetime.utcnow()"),
        (
            hidden_inputs,
            "from datetime import datetime\nat = field(default_factory=datetime.now)",
        ),
        (hidden_inputs, "import time\nat = time.time()"),
        (hidden_inputs, "from time import time"),
        (hidden_inputs, "from uuid import uuid4 as new"),
        (hidden_inputs, "import uuid\nid = uuid.uuid4()"),
        (hidden_inputs, "from uuid_utils import uuid7"),
        (prints, "print('hello')"),
        (undocumented, "x = 1"),
        (undocumented, '"""A module."""\nclass Clock:\n    pass'),
        (undocumented, '"""A module."""\nclass Clock:\n    """Tells the time."""\n    def now(self): ...'),
        (undocumented, '"""A module."""\nasync def now(): ...'),
    ],
)
def test_a_planted_line_breaks_the_rule(rule: Rule, planted: str) -> None:
    assert len(list(rule(Path("kit/skillsync_kit/planted.py"), ast.parse(planted)))) == 1


@pytest.mark.parametrize(
    ("rule", "innocent"),
    [
        (commits, "async def save(work):\n    async with work():\n        pass"),
        (hidden_inputs, "def accept(now, clock):\n    return clock.now() - now"),
        (hidden_inputs, "import time\nstart = time.monotonic()"),
        (undocumented, '"""A module."""\ndef _now(): ...'),
    ],
)
def test_an_innocent_line_passes(rule: Rule, innocent: str) -> None:
    assert list(rule(Path("kit/skillsync_kit/planted.py"), ast.parse(innocent))) == []
