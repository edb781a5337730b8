"""The runbook is true: it names every alarm, and only commands, options and log lines that exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from skillsync import templates
from skillsync.main import app

ROOT = Path(__file__).resolve().parents[2]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
TOOLS = (ROOT / "docs" / "operators-tools.md").read_text()
SPAN = re.compile(r"`([^`\n]+)`")
GROUPS = {"dlq"}
# Where a line of the log, or the name of a metric in it, comes from.
SOURCES = ("kit/skillsync_kit", "services/*/skillsync_*")


def alarms() -> list[str]:
    """The names of the templates' alarms, without the environment; those of every process as PROCESS."""
    names = [
        body["Properties"]["AlarmName"]["Fn::Sub"]
        for template in ("messaging", "service", "observability")
        for body in templates.load(ROOT / "infra" / "templates" / f"{template}.yaml")["Resources"].values()
        if body["Type"] == "AWS::CloudWatch::Alarm"
    ]
    return [name.removeprefix("${EnvName}-").replace("${ProcessName}", "PROCESS") for name in names]


def commands(document: str) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Yield the words and the options of each `skillsync …` in a code span."""
    for span in SPAN.findall(document):
        command = span.split(" | ")[0].split()
        if command[0] != "skillsync" or len(command) < 2 or not command[1].isalpha():
            continue
        words = tuple(command[1:3]) if command[1] in GROUPS else (command[1],)
        yield words, [word for word in command if word.startswith("--")]


def missing_commands(document: str) -> list[str]:
    """Each command that `skillsync` does not know, each option that its help does not show."""
    missing = []
    for words, options in sorted({(words, tuple(options)) for words, options in commands(document)}):
        shown = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200"})
        if shown.exit_code != 0:
            missing.append(" ".join(words))
        missing += [f"{' '.join(words)} {option}" for option in options if option not in shown.output]
    return missing


def missing_log_lines(document: str) -> list[str]:
    """Each quoted text in a code span that no service writes."""
    files = [file for pattern in SOURCES for home in ROOT.glob(pattern) for file in home.rglob("*.py")]
    sources = "".join(file.read_text() for file in files)
    return [span for span in SPAN.findall(document) if re.fullmatch('"[^"]+"', span) and span not in sources]


def test_every_alarm_is_in_the_runbook() -> None:
    assert len(alarms()) == 27
    assert [name for name in alarms() if f"`{name}`" not in RUNBOOK] == []


@pytest.mark.parametrize("document", [RUNBOOK, TOOLS], ids=["runbook", "tools"])
def test_every_command_and_option_exists(document: str) -> None:
    assert len(list(commands(document))) > 5
    assert missing_commands(document) == []


def test_every_log_line_named_is_written_by_some_service() -> None:
    assert missing_log_lines(RUNBOOK) == []


def test_every_link_within_the_runbook_leads_to_a_heading() -> None:
    headings = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", RUNBOOK, re.MULTILINE)
    }
    links = set(re.findall(r"\]\(#([^)]+)\)", RUNBOOK))
    assert links
    assert links - headings == set()


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ("`skillsync absent`", ["absent"]),
        ("`skillsync dlq absent user`", ["dlq absent"]),
        ("`skillsync queues --absent`", ["queues --absent"]),
        ("`skillsync dlq list [QUEUE] --limit 3` and `skillsync logs --raw | grep --count x`", []),
    ],
)
def test_a_planted_command_that_is_not_there_is_found(planted: str, found: list[str]) -> None:
    assert missing_commands(planted) == found


def test_a_planted_log_line_that_nobody_writes_is_found() -> None:
    assert missing_log_lines('`"never written by anybody"`, `"event handled"`') == ['"never written by anybody"']
