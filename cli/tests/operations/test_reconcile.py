"""`skillsync reconcile`: each kind of damage is named with its exchange; what is on its way is none."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from skillsync.errors import Problem
from skillsync.operations.services import Services
from skillsync.paths import find_paths
from skillsync.reconciliation import command
from skillsync.reconciliation.command import reconcile, report_of
from skillsync.reconciliation.comparison import Booked, Counted, Report, compare

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=3)
IDS = [f"0190c5d4-8f6e-7000-8000-00000000000{number}" for number in range(4)]


def booked(id: str, minutes: int = 60, settlement: str = "hours", at: datetime = LONG_AGO, **other: Any) -> Booked:
    amount = minutes if settlement == "hours" else 0
    kept = {"minutes": minutes, "posted": amount, "taken": amount, **other}
    return Booked(transaction_id=id, settlement=settlement, finalized_at=at, **kept)


def counted(
    id: str, all_of_them: int = 60, settlement: str = "hours", at: datetime = LONG_AGO, **other: Any
) -> Counted:
    names = ("minutes", "given_by_category", "received_by_category", "given_by_member", "received_by_member")
    return Counted(
        transaction_id=id, settlement=settlement, finalized_at=at, **{**dict.fromkeys(names, all_of_them), **other}
    )


def report(ledger: list[Booked], analytics: list[Counted]) -> Report:
    return compare({one.transaction_id: one for one in ledger}, {one.transaction_id: one for one in analytics}, NOON)


def test_the_same_on_both_sides_adds_up_by_settlement() -> None:
    ledger = [booked(IDS[0]), booked(IDS[1], 90), booked(IDS[2], 30, "none")]
    found = report(ledger, [counted(IDS[0]), counted(IDS[1], 90), counted(IDS[2], 30, "none")])
    assert (found["is_equal"], found["in_flight"], found["differences"]) == (True, 0, [])
    assert [tuple(total.values()) for total in found["totals"]] == [("hours", 2, 2, 150, 150), ("none", 1, 1, 30, 30)]


@pytest.mark.parametrize(
    ("ledger", "analytics", "what"),
    [
        ({}, {"minutes": 45}, "minutes of the exchange"),
        ({}, {"given_by_category": 45}, "minutes given, by category"),
        ({}, {"received_by_category": 45}, "minutes received, by category"),
        ({}, {"given_by_member": 45}, "minutes given, by member"),
        ({}, {"received_by_member": 45}, "minutes received, by member"),
        ({"posted": 45}, {}, "posted to accounts, of 60"),
        ({"taken": 45}, {}, "taken to accounts, of 60"),
        ({}, {"settlement": "none"}, "settlement is none in analytics"),
        ({}, {"at": LONG_AGO + timedelta(days=1)}, "another moment in analytics"),
    ],
)
def test_each_kind_of_damage_is_named(ledger: Mapping[str, Any], analytics: Mapping[str, Any], what: str) -> None:
    found = report([booked(IDS[0], **ledger), booked(IDS[1])], [counted(IDS[0], **analytics), counted(IDS[1])])
    assert [(it["transaction_id"], it["what"]) for it in found["differences"]] == [(IDS[0], what)]
    assert (found["is_equal"], found["differing"]) == (False, 1)


def test_what_only_one_side_has_is_named() -> None:
    found = report([booked(IDS[0]), booked(IDS[1])], [counted(IDS[1]), counted(IDS[2])])
    assert [(it["transaction_id"], it["what"], it["ledger"], it["analytics"]) for it in found["differences"]] == [
        (IDS[0], "not counted by analytics", 60, None),
        (IDS[2], "not in the ledger", None, 60),
    ]


def test_what_is_on_its_way_is_counted_apart_and_what_came_since_is_not_looked_at() -> None:
    just_now = NOON - timedelta(seconds=59)
    found = report([booked(IDS[0], at=just_now)], [counted(IDS[1], at=NOON)])
    assert (found["is_equal"], found["in_flight"], found["totals"]) == (True, 1, [])
    late = report([booked(IDS[0], at=NOON - timedelta(seconds=60))], [])
    assert (late["is_equal"], late["in_flight"]) == (False, 0)


def test_damage_to_what_is_young_is_damage() -> None:
    just_now = NOON - timedelta(seconds=5)
    assert not report([booked(IDS[0], at=just_now)], [counted(IDS[0], 45, at=just_now)])["is_equal"]


def test_a_hundred_are_named_and_all_are_counted() -> None:
    ids = [f"0190c5d4-8f6e-7000-8000-{number:012}" for number in range(150)]
    found = report([booked(id) for id in ids], [])
    assert (found["differing"], len(found["differences"])) == (150, 100)


Plan = Callable[[str, list[list[Any]]], None]


@pytest.fixture
def plan(services: Services, answers: Any, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """Lets a service answer with these pages; the two have different addresses here."""
    processes = services._status["processes"]
    processes.append({**processes[0], "name": "analytics", "url": f"{answers.url}/analytics"})
    monkeypatch.setattr(command, "require_running", lambda paths: services._status)
    monkeypatch.setattr(Services, "of", classmethod(lambda cls, paths, status: services))

    def of(prefix: str, pages: list[list[Any]]) -> None:
        after = ""
        for number, page in enumerate(pages):
            path = f"{prefix}/internal/books?limit=500" + (f"&after={after}" if after else "")
            after = IDS[number]
            items = [json.loads(one.model_dump_json()) for one in page]
            answers.plan("GET", path, (200, {"items": items, "next": after if number + 1 < len(pages) else None}))

    return of


def test_all_pages_of_both_are_read(services: Services, plan: Plan) -> None:
    plan("", [[booked(IDS[0])], [], [booked(IDS[1])]])
    plan("/analytics", [[counted(IDS[0])], [counted(IDS[1])]])
    assert report_of(services, NOON)["totals"][0]["ledger_exchanges"] == 2


def test_the_command_says_what_differs_and_what_to_do(plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    once = datetime(2020, 1, 1, tzinfo=UTC)
    plan("", [[booked(IDS[0], at=once)]])
    plan("/analytics", [[counted(IDS[0], at=once, given_by_category=45)]])
    assert not reconcile(find_paths(), as_json=True)
    assert json.loads(capsys.readouterr().out)["differences"][0]["analytics"] == 45
    assert not reconcile(find_paths(), as_json=False)
    text = " ".join(capsys.readouterr().out.split())
    assert IDS[0] in text
    assert "skillsync replay analytics" in text


def test_a_service_that_does_not_answer_is_a_problem_and_no_difference(services: Services, plan: Plan) -> None:
    plan("", [[booked(IDS[0])]])
    with pytest.raises(Problem, match="analytics answered 404: nothing was compared"):
        report_of(services, NOON)
