"""A made-up community: people sign up, offer and want, propose, accept, finalize or do not; as events, and as facts.

`figures` are what a reader of all events would write down with a pencil; they share no code with the service.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from skillsync_kit.events import Event
from skillsync_kit.ids import new_id

__all__ = ["NOW", "Community", "event", "make_community"]

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
SKILLS = ("guitar", "piano", "german", "spanish", "bike-repair", "baking", "underwater-chess")
_WEEKS = 16


def event(
    type: str, subject: str, sequence: int, at: datetime, data: Mapping[str, Any], actor: str | None = None
) -> Event:
    """An event as its producer publishes it."""
    source = {"user": "/users", "offering": "/users", "transaction": "/transactions"}[type.split(".", maxsplit=1)[0]]
    return Event(new_id(), f"{type}.v1", source, subject, sequence, at, data, actor=actor)


@dataclass
class Community:
    """Its people, and everything that happened, in order."""

    people: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


def make_community(dice: Random, people: int, exchanges: int) -> Community:
    """So many people, and so many exchanges among them within sixteen weeks."""
    made = Community([new_id() for _ in range(people)])
    begin = NOW - timedelta(weeks=_WEEKS)
    for person in made.people:
        joined = begin + timedelta(minutes=dice.randint(0, _WEEKS * 5 * 24 * 60))
        made.events += _life(dice, person, joined)
        made.events += [e for skill in dice.sample(SKILLS, 3) for e in _offering(dice, person, skill, joined)]
    for _ in range(exchanges):
        # Some weeks have many, and some hardly any.
        week = min(dice.randrange(_WEEKS), dice.randrange(_WEEKS))
        proposed = begin + timedelta(weeks=week, minutes=dice.randint(0, 7 * 24 * 60))
        made.events += _exchange(dice, made.people, proposed)
    made.events.sort(key=lambda it: it.time)
    return made


def deliveries(dice: Random, events: Sequence[Event]) -> list[Event]:
    """Each event one to three times; shuffled, and some of them much later than all the others."""
    copies = [it for it in events for _ in range(dice.randint(1, 3))]
    dice.shuffle(copies)
    late = {it.id for it in events if dice.random() < 0.1}
    return sorted(copies, key=lambda it: it.id in late)


def _life(dice: Random, person: str, joined: datetime) -> list[Event]:
    statuses = [("created", "active")]
    for _ in range(dice.randint(0, 3)):
        statuses.append(dice.choice([("updated", "active"), ("suspended", "suspended"), ("reinstated", "active")]))
    if dice.random() < 0.1:
        statuses.append(("erased", "erased"))
    return [
        event(f"user.{name}", person, number, joined + timedelta(days=number - 1), {"from": None, "to": to}, person)
        for number, (name, to) in enumerate(statuses, start=1)
    ]


def _offering(dice: Random, owner: str, skill: str, at: datetime) -> list[Event]:
    id, kind = new_id(), dice.choice(["offer", "want"])
    steps = [("published", "active")]
    for _ in range(dice.randint(0, 3)):
        steps.append(dice.choice([("paused", "paused"), ("changed", "active"), ("changed", "deleted")]))
    return [
        event(
            f"offering.{name}",
            id,
            number,
            at + timedelta(days=number),
            {"owner": owner, "kind": kind, "skill": skill, "modality": "either", "from": None, "to": to},
            owner,
        )
        for number, (name, to) in enumerate(steps, start=1)
    ]


def _exchange(dice: Random, people: Sequence[str], proposed: datetime) -> list[Event]:
    """One exchange's whole history, as the states allow it."""
    some = dice.sample(people, dice.choice([2, 2, 2, 3]))
    legs = {
        str(number): {
            "giver": giver,
            "receiver": some[(number + 1) % len(some)],
            "skill": dice.choice(SKILLS),
            "minutes": 15 * dice.randint(1, 8),
        }
        for number, giver in enumerate(some)
    }
    terms = {"author": some[0], "participants": some, "settlement": dice.choice(["hours", "hours", "none"])}
    id, at, found = new_id(), proposed, list[Event]()

    def happen(name: str, actor: str | None = some[0]) -> None:
        nonlocal at
        data = {**terms, "legs": legs}
        found.append(event(f"transaction.{name}", id, len(found) + 1, at, data, actor))
        at = min(at + timedelta(minutes=dice.randint(1, 4000)), NOW)

    happen("proposed")
    while dice.random() < 0.25:
        legs = {key: {**leg, "minutes": 15 * dice.randint(1, 8)} for key, leg in legs.items()}
        happen("revised", some[1])
    outcome = dice.random()
    if outcome < 0.15:
        happen(dice.choice(["declined", "cancelled"]), some[1])
    elif outcome < 0.2:
        happen("expired", None)
    elif outcome < 0.9:
        happen("accepted_by", some[1])
        happen("accepted", some[1])
        if dice.random() < 0.15:
            happen("revised")
            happen("accepted", some[1])
        if dice.random() < 0.1:
            happen("cancelled", some[1])
        elif dice.random() < 0.9:
            happen("finalized", some[1])
    return found
