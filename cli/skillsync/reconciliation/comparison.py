"""The ledger held against the figures: totals of each settlement, and every exchange in which they differ."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypedDict

from pydantic import AwareDatetime, BaseModel, ConfigDict

__all__ = ["IN_FLIGHT", "Booked", "Counted", "Difference", "Report", "Total", "compare"]

IN_FLIGHT = timedelta(seconds=60)
"""How long an exchange may be finalized without being counted: its event is on its way."""

SHOWN_AT_MOST = 100


class Booked(BaseModel):
    """A finalized exchange as the ledger has it."""

    model_config = ConfigDict(extra="ignore")

    transaction_id: str
    settlement: str
    finalized_at: AwareDatetime
    minutes: int
    posted: int
    taken: int


class Counted(BaseModel):
    """A finalized exchange as each of the tables has it that figures are read from."""

    model_config = ConfigDict(extra="ignore")

    transaction_id: str
    settlement: str
    finalized_at: AwareDatetime
    minutes: int
    given_by_category: int
    received_by_category: int
    given_by_member: int
    received_by_member: int


class Difference(TypedDict):
    """One exchange: what is wrong, and the minutes that both sides have; None where there is none."""

    transaction_id: str
    settlement: str
    finalized_at: str
    what: str
    ledger: int | None
    analytics: int | None


class Total(TypedDict):
    """What both sides add up to, of one settlement, without what is in flight."""

    settlement: str
    ledger_exchanges: int
    analytics_exchanges: int
    ledger_minutes: int
    analytics_minutes: int


class Report(TypedDict):
    """`as_of` is the moment up to which both were compared. `differences` names at most 100 of `differing`."""

    as_of: str
    is_equal: bool
    totals: list[Total]
    in_flight: int
    differing: int
    differences: list[Difference]


def compare(ledger: Mapping[str, Booked], analytics: Mapping[str, Counted], as_of: datetime) -> Report:
    """Compare what was finalized before `as_of`."""
    booked = {id: one for id, one in ledger.items() if one.finalized_at < as_of}
    counted = {id: one for id, one in analytics.items() if one.finalized_at < as_of}
    late = {id for id in booked.keys() - counted.keys() if as_of - booked[id].finalized_at < IN_FLIGHT}
    found = [
        difference
        for id in sorted((booked.keys() | counted.keys()) - late)
        for difference in _differences(booked.get(id), counted.get(id))
    ]
    due = [one for id, one in booked.items() if id not in late]
    settlements = sorted({one.settlement for one in due} | {one.settlement for one in counted.values()})
    return Report(
        as_of=as_of.isoformat(),
        is_equal=not found,
        totals=[_total(settlement, due, list(counted.values())) for settlement in settlements],
        in_flight=len(late),
        differing=len(found),
        differences=found[:SHOWN_AT_MOST],
    )


def _differences(booked: Booked | None, counted: Counted | None) -> list[Difference]:
    if booked is None or counted is None:
        return [_missing(booked, counted)]
    # Without a settlement in hours nothing is posted, and the legs alone say what was exchanged.
    due = booked.minutes if booked.settlement == "hours" else 0
    found = [
        _difference(booked, f"{name} to accounts, of {due}", amount, None)
        for name, amount in (("posted", booked.posted), ("taken", booked.taken))
        if amount != due
    ]
    if booked.settlement != counted.settlement:
        found.append(_difference(booked, f"settlement is {counted.settlement} in analytics", None, None))
    if booked.finalized_at != counted.finalized_at:
        found.append(_difference(booked, "another moment in analytics", None, None))
    sides = {
        "minutes of the exchange": counted.minutes,
        "minutes given, by category": counted.given_by_category,
        "minutes received, by category": counted.received_by_category,
        "minutes given, by member": counted.given_by_member,
        "minutes received, by member": counted.received_by_member,
    }
    return found + [
        _difference(booked, what, booked.minutes, minutes)
        for what, minutes in sides.items()
        if minutes != booked.minutes
    ]


def _missing(booked: Booked | None, counted: Counted | None) -> Difference:
    if booked is not None:
        return _difference(booked, "not counted by analytics", booked.minutes, None)
    if counted is None:
        raise ValueError("neither has it")
    return _difference(counted, "not in the ledger", None, counted.minutes)


def _difference(of: Booked | Counted, what: str, ledger: int | None, analytics: int | None) -> Difference:
    return Difference(
        transaction_id=of.transaction_id,
        settlement=of.settlement,
        finalized_at=of.finalized_at.isoformat(),
        what=what,
        ledger=ledger,
        analytics=analytics,
    )


def _total(settlement: str, booked: Sequence[Booked], counted: Sequence[Counted]) -> Total:
    ledger = [one for one in booked if one.settlement == settlement]
    analytics = [one for one in counted if one.settlement == settlement]
    return Total(
        settlement=settlement,
        ledger_exchanges=len(ledger),
        analytics_exchanges=len(analytics),
        ledger_minutes=sum(one.posted if settlement == "hours" else one.minutes for one in ledger),
        analytics_minutes=sum(one.given_by_category for one in analytics),
    )
