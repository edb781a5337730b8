"""What people are reminded of, and when: planned when an event tells of a deadline, looked at again when it is due."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from skillsync_notifications.entities.mails import Template
from skillsync_notifications.entities.matters import Exchange

__all__ = ["Deadlines", "Reminder", "ReminderKey", "WatchedOffering", "is_still_true"]

_BEFORE_PROPOSAL_ENDS = timedelta(days=3)
_BEFORE_EXCHANGE_ENDS = timedelta(days=7)
_BEFORE_OFFERING_ENDS = timedelta(days=7)
# Of the fourteen days of silence after which an exchange counts.
_SILENCE = timedelta(days=14)
_WARNINGS = (timedelta(days=7), timedelta(days=12))
# Who was told so lately need not be reminded.
_SOON = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ReminderKey:
    """What a reminder is about: a transaction under these terms, and which reminder of its kind it is.

    It stands where an event's id stands in other mails, so there is one mail for it, whatever is replayed how often.
    """

    subject: str
    terms_rev: int
    number: int = 1

    def __str__(self) -> str:
        return f"{self.subject}:{self.terms_rev}:{self.number}"

    @classmethod
    def read(cls, text: str) -> Self:
        """The key that was written so."""
        subject, terms_rev, number = text.split(":")
        return cls(subject, int(terms_rev), int(number))


@dataclass(frozen=True, slots=True)
class Reminder:
    """One person's, due at a time."""

    key: str
    recipient: str
    template: Template
    subject: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Deadlines:
    """What an event tells of a transaction's deadlines, and of who is waited for."""

    transaction: str
    terms_rev: int
    told_at: datetime
    expires_at: datetime | None
    finalizes_at: datetime | None

    def of_proposal(self, people: Iterable[str]) -> list[Reminder]:
        """Three days before a proposal ends, to those who have not answered."""
        return self._before_end(Template.PROPOSAL_REMINDER, _BEFORE_PROPOSAL_ENDS, people)

    def of_agreement(self, people: Iterable[str]) -> list[Reminder]:
        """A week before an agreed exchange expires unconfirmed."""
        return self._before_end(Template.EXPIRY_REMINDER, _BEFORE_EXCHANGE_ENDS, people)

    def of_confirmation(self, people: Iterable[str]) -> list[Reminder]:
        """After seven and after twelve days of silence, to those who have said nothing."""
        if self.finalizes_at is None:
            return []
        began = self.finalizes_at - _SILENCE
        return [
            self._reminder(Template.CONFIRM_REMINDER, person, began + silence, number)
            for person in people
            for number, silence in enumerate(_WARNINGS, start=1)
        ]

    def _before_end(self, template: Template, before: timedelta, people: Iterable[str]) -> list[Reminder]:
        if self.expires_at is None or self.expires_at - before < self.told_at + _SOON:
            return []
        return [self._reminder(template, person, self.expires_at - before, 1) for person in people]

    def _reminder(self, template: Template, person: str, due_at: datetime, number: int) -> Reminder:
        key = ReminderKey(self.transaction, self.terms_rev, number)
        return Reminder(str(key), person, template, self.transaction, due_at)


def is_still_true(template: Template, key: ReminderKey, exchange: Exchange, person: str) -> bool:
    """Whether what a reminder was planned for is still so, and still waits for this person."""
    if exchange.terms_rev != key.terms_rev:
        return False
    match template:
        case Template.PROPOSAL_REMINDER:
            return exchange.state == "proposed" and person not in exchange.accepted_by
        case Template.EXPIRY_REMINDER:
            return exchange.state == "accepted" and not exchange.confirmed_by
        case Template.CONFIRM_REMINDER:
            return (
                exchange.state == "accepted"
                and bool(exchange.confirmed_by - {person})
                and (person not in exchange.confirmed_by)
            )
        case _:
            return False


@dataclass(slots=True)
class WatchedOffering:
    """An offering as the newest event told of it. `remind_at` is None when there is nothing to remind of."""

    id: str
    owner: str
    kind: str
    skill: str
    sequence: int
    expires_at: datetime | None = None
    remind_at: datetime | None = None

    @classmethod
    def told(
        cls,
        id: str,
        owner: str,
        kind: str,
        skill: str,
        sequence: int,
        *,
        is_active: bool,
        expires_at: datetime | None,
        told_at: datetime,
    ) -> Self:
        """What an event says; a paused or ended offering expires for nobody."""
        ends = expires_at if is_active else None
        remind_at = ends - _BEFORE_OFFERING_ENDS if ends else None
        if remind_at and remind_at < told_at + _SOON:
            remind_at = None
        return cls(id, owner, kind, skill, sequence, ends, remind_at)

    @property
    def key(self) -> str:
        """What its reminder is for: the offering and the day on which it ends. Renewed, it has another."""
        return f"{self.id}:{self.expires_at.date().isoformat()}" if self.expires_at else self.id

    def expires_as_told(self, key: str, now: datetime) -> bool:
        """Whether a reminder of that key is still true."""
        return self.key == key and self.expires_at is not None and now < self.expires_at
