"""A mail from its intent to its fate, whom it reaches, and the letter that it becomes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from skillsync_notifications.entities.matters import Appointment
from skillsync_notifications.events import EmailBounced, EmailComplained, EmailSent

__all__ = ["Contact", "Letter", "Mail", "Status", "Template"]

# About 33 hours in all: a service or the mail system may be away for a night and a day, and nothing is lost.
_LONGEST_BACK_OFF = timedelta(hours=1)
_BACK_OFF = tuple(timedelta(seconds=seconds) for seconds in (1, 2, 5, 15, 60, 300, 900, 1800))
_MOST_ATTEMPTS = 40


class Status(StrEnum):
    """What became of a mail. Only a pending one is still to be sent, and only a sent one may yet come back.

    `bounced` and `complained` are what its way brought back. `dropped`: there was nothing, or nobody, left to tell;
    `suppressed`: its address takes no mail of ours; `unwanted`: its recipient has switched such mail off.
    """

    PENDING = "pending"
    SENT = "sent"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    SUPPRESSED = "suppressed"
    UNWANTED = "unwanted"
    FAILED = "failed"
    DROPPED = "dropped"


class Template(StrEnum):
    """What a mail says; each has its file in `templates/letters/`."""

    WELCOME = "welcome"
    PROPOSAL_RECEIVED = "proposal-received"
    PROPOSAL_CHANGED = "proposal-changed"
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    RECEIPT = "receipt"
    PROPOSAL_REMINDER = "proposal-reminder"
    EXPIRY_REMINDER = "expiry-reminder"
    CONFIRM_REMINDER = "confirm-reminder"
    SOFT_LIMIT = "soft-limit"
    WEEKLY_DIGEST = "weekly-digest"
    COORDINATORS_BRIEF = "coordinators-brief"
    OFFERING_EXPIRES = "offering-expires"

    @property
    def is_about_exchange(self) -> bool:
        """Whether the mail tells of a transaction, so that there is one to be fetched."""
        return self not in _NOT_ABOUT_AN_EXCHANGE

    @property
    def is_reminder(self) -> bool:
        """Whether it was planned ahead: what it would remind of may be over by now, and then it tells nobody."""
        return self in _REMINDERS


_NOT_ABOUT_AN_EXCHANGE = frozenset(
    {
        Template.WELCOME,
        Template.SOFT_LIMIT,
        Template.WEEKLY_DIGEST,
        Template.COORDINATORS_BRIEF,
        Template.OFFERING_EXPIRES,
    }
)
_REMINDERS = frozenset(
    {
        Template.PROPOSAL_REMINDER,
        Template.EXPIRY_REMINDER,
        Template.CONFIRM_REMINDER,
        Template.OFFERING_EXPIRES,
        Template.WEEKLY_DIGEST,
        Template.COORDINATORS_BRIEF,
    }
)


@dataclass(slots=True)
class Mail:
    """The intent to tell one recipient of one event, and what became of it. It holds no address and no text.

    `subject` is the id of what the event was about, `actor` who caused it (None: the system). `attempts` counts how
    often it was taken in hand: each but the last may have sent it once, when a crash fell between sending and record.
    Its recipient sees it in their inbox while `in_inbox`; `version` counts the changes that show there.
    """

    id: str
    event_id: str
    recipient: str
    template: Template
    channel: str
    subject: str
    actor: str | None
    created_at: datetime
    correlation_id: str | None = None
    traceparent: str | None = None
    status: Status = Status.PENDING
    attempts: int = 0
    claimed_until: datetime | None = None
    last_error: str | None = None
    ses_message_id: str | None = None
    sent_at: datetime | None = None
    in_inbox: bool = True
    read_at: datetime | None = None
    version: int = 1

    def mark(self, *, read: bool, now: datetime) -> bool:
        """Its recipient has read it, or wants it to stand as unread. False when that changes nothing."""
        if read == (self.read_at is not None):
            return False
        self.read_at = now if read else None
        self.version += 1
        return True

    def send(self, message_id: str, now: datetime) -> EmailSent:
        """The mail service took it, under its `message_id`."""
        self._end(Status.SENT)
        self.ses_message_id, self.sent_at, self.last_error = message_id, now, None
        return EmailSent(self.id, self.recipient, self.template.value, self.event_id)

    def drop(self, reason: str) -> None:
        """There is nothing, or nobody, left to tell."""
        self._end(Status.DROPPED)
        self.last_error = reason

    def fail(self, reason: str) -> None:
        """It can never be sent."""
        self._end(Status.FAILED)
        self.last_error = reason

    def suppress(self, reason: str) -> None:
        """Its address takes no mail of ours."""
        self._end(Status.SUPPRESSED)
        self.last_error = reason

    def leave_out(self) -> None:
        """Its recipient wants no such mail."""
        self._end(Status.UNWANTED)

    def bounce(self) -> EmailBounced | None:
        """It came back for good. None when that is known."""
        if self.status in (Status.BOUNCED, Status.COMPLAINED):
            return None
        self._come_back(Status.BOUNCED)
        return EmailBounced(self.id, self.recipient, self.template.value, self.event_id)

    def complain(self) -> EmailComplained | None:
        """Its recipient called it spam. None when that is known."""
        if self.status is Status.COMPLAINED:
            return None
        self._come_back(Status.COMPLAINED)
        return EmailComplained(self.id, self.recipient, self.template.value, self.event_id)

    def put_off(self, reason: str, now: datetime) -> None:
        """This attempt did not work: try again later, longer and longer, until there were too many."""
        self._require_pending()
        if self.attempts >= _MOST_ATTEMPTS:
            self.fail(reason)
            return
        self.last_error = reason
        self.claimed_until = now + _back_off(self.attempts)

    def _end(self, status: Status) -> None:
        self._require_pending()
        self.status, self.claimed_until = status, None
        self.version += 1

    def _come_back(self, status: Status) -> None:
        self.status = status
        self.version += 1

    def _require_pending(self) -> None:
        if self.status is not Status.PENDING:
            raise ValueError(f"the mail is {self.status} already")


@dataclass(frozen=True, slots=True)
class Contact:
    """How a recipient is reached and addressed."""

    address: str
    name: str
    locale: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail ready to be sent. `unsubscribe_url`: takes a POST that stops mails of its kind (RFC 8058)."""

    mail_id: str
    address: str
    name: str
    subject: str
    text: str
    html: str
    language: str
    written_at: datetime
    unsubscribe_url: str | None = None
    appointment: Appointment | None = None


def _back_off(attempts: int) -> timedelta:
    return _BACK_OFF[attempts - 1] if attempts <= len(_BACK_OFF) else _LONGEST_BACK_OFF
