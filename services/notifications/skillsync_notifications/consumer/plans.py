"""What events make worth reminding of: deadlines of transactions, and offerings that will expire."""

from collections.abc import Callable
from typing import TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from skillsync_kit.events import Event, UnreadableEvent
from skillsync_kit.ids import Id, canonical_id
from skillsync_notifications.entities import Deadlines, Reminder, WatchedOffering

__all__ = ["OFFERINGS", "REMINDERS", "watched"]

Model = TypeVar("Model", bound=BaseModel)

OFFERINGS = frozenset(f"offering.{name}.v1" for name in ("published", "changed", "paused", "fulfilled", "expired"))


class _Exchange(BaseModel):
    """Of a transaction event's data; deadlines are absent from events of earlier releases."""

    model_config = ConfigDict(extra="ignore")

    participants: list[Id] = Field(min_length=1, max_length=8)
    terms_rev: int = Field(default=1, ge=1)
    expires_at: AwareDatetime | None = None
    finalizes_at: AwareDatetime | None = None


class _Offering(BaseModel):
    """Of an offering event's data."""

    model_config = ConfigDict(extra="ignore")

    owner: Id
    kind: str = Field(max_length=8)
    skill: str = Field(max_length=64)
    to: str
    expires_at: AwareDatetime | None = None


def _read(model: type[Model], event: Event) -> tuple[str, Model]:
    """The id of what an event is about, and its data. Raises UnreadableEvent, which names places alone."""
    try:
        return canonical_id(event.subject), model.model_validate(event.data)
    except ValidationError as invalid:
        places = ", ".join(f"data.{'.'.join(map(str, error['loc']))}" for error in invalid.errors()[:3])
        raise UnreadableEvent(f"{places}: not as it should be") from None
    except ValueError:
        raise UnreadableEvent("subject: an id is needed") from None


def _deadlines(event: Event) -> tuple[Deadlines, list[str]]:
    id, exchange = _read(_Exchange, event)
    found = Deadlines(id, exchange.terms_rev, event.time, exchange.expires_at, exchange.finalizes_at)
    return found, list(dict.fromkeys(exchange.participants))


def _of_proposal(event: Event) -> list[Reminder]:
    deadlines, people = _deadlines(event)
    # Who proposes accepts by it, and is not waited for.
    return deadlines.of_proposal(person for person in people if person != event.actor)


def _of_agreement(event: Event) -> list[Reminder]:
    deadlines, people = _deadlines(event)
    return deadlines.of_agreement(people)


def _of_confirmation(event: Event) -> list[Reminder]:
    deadlines, people = _deadlines(event)
    return deadlines.of_confirmation(person for person in people if person != event.actor)


REMINDERS: dict[str, Callable[[Event], list[Reminder]]] = {
    "transaction.proposed.v1": _of_proposal,
    "transaction.revised.v1": _of_proposal,
    "transaction.accepted.v1": _of_agreement,
    "transaction.confirmed.v1": _of_confirmation,
}


def watched(event: Event) -> WatchedOffering:
    """An offering as its event tells it."""
    id, offering = _read(_Offering, event)
    return WatchedOffering.told(
        id,
        offering.owner,
        offering.kind,
        offering.skill,
        event.sequence,
        is_active=offering.to == "active",
        expires_at=offering.expires_at,
        told_at=event.time,
    )
