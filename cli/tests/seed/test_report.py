"""The figures at the end: as a document and as tables."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from io import StringIO
from types import SimpleNamespace
from typing import Any

from rich.console import Console

from skillsync.seed.community import plan_community
from skillsync.seed.plan import Skill, State
from skillsync.seed.report import Watching, figures, show, totals
from skillsync.seed.tally import Tally

START = datetime(2029, 1, 1, tzinfo=UTC)
PLAN = plan_community(7, 3, 2, [Skill("guitar", "Guitar"), Skill("german", "German")])
PACE: Any = SimpleNamespace(seconds=8.0, per_second=12.5)
TALLY = Tally(
    people=3,
    offerings=6,
    exchanges=Counter({State.FINALIZED: 4, State.DECLINED: 1, State.PROPOSED: 0}),
    refusals=Counter({"not-enough-hours": 2}),
    minutes=75,
)


def test_the_document_has_every_state_and_who_can_log_in() -> None:
    document = totals(PLAN, START, TALLY, PACE, requests=100, left=5)
    assert (document["first_day"], document["last_day"]) == ("2029-01-01", "2029-01-14")
    assert document["exchanges"] == {
        "proposed": 0,
        "accepted": 0,
        "finalized": 4,
        "declined": 1,
        "cancelled": 0,
        "expired": 0,
    }
    assert (document["hours"], document["refusals"]) == (1.25, {"not-enough-hours": 2})
    assert [(login["role"], login["email"]) for login in document["logins"]] == [
        ("member", "member+7@people.skillsync.example"),
        ("coordinator", "coordinator+7@people.skillsync.example"),
    ]


def test_the_tables_say_the_same() -> None:
    shown = StringIO()
    show(Console(file=shown, width=100), totals(PLAN, START, TALLY, PACE, requests=100, left=5))
    for text in (
        "2 weeks, seed 7",
        "1.25",
        "2 × not-enough-hours",
        "100 (12.5 a second)",
        "coordinator+7@",
        "5 messages",
    ):
        assert text in shown.getvalue()


def test_where_nobody_watches_there_is_a_line_for_each_four_weeks() -> None:
    shown = StringIO()
    plan = plan_community(7, 3, 12, [Skill("guitar", "Guitar")])
    watching = Watching(Console(file=shown, width=100), plan, START)
    with watching.watched():
        for day in range(84):
            watching.tell(START + timedelta(days=day), TALLY, PACE)
    assert len(shown.getvalue().splitlines()) == 3
    assert "2029-01-01  3 people; 1 declined, 4 finalized; 12 requests/s" in shown.getvalue()


def test_a_terminal_sees_a_bar_with_the_date() -> None:
    shown = StringIO()
    watching = Watching(Console(file=shown, width=160, force_terminal=True), PLAN, START)
    with watching.watched():
        watching.tell(START.replace(day=9), TALLY, PACE)
    assert "2029-01-09" in shown.getvalue()
    assert figures(TALLY, PACE) in shown.getvalue()
