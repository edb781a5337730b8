"""Events of other services: which tells whom by which mail, and which tells nobody."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from skillsync_kit.database import UnitOfWork
from skillsync_kit.events import Event, UnreadableEvent
from skillsync_kit.ids import Id, canonical_id
from skillsync_kit.inbox import Handler
from skillsync_notifications.consumer.plans import OFFERINGS, REMINDERS, watched
from skillsync_notifications.entities import Template
from skillsync_notifications.service import Notifications, Reminders, WeeklyMails

__all__ = ["UseCases", "handlers"]

Audience = Callable[[Event], Iterable[str]]


class _Exchange(BaseModel):
    """What this service reads of a transaction event's data; the rest is passed over."""

    model_config = ConfigDict(extra="ignore")

    participants: list[Id] = Field(min_length=1, max_length=8)


def _participants(event: Event) -> list[str]:
    try:
        return list(dict.fromkeys(_Exchange.model_validate(event.data).participants))
    except ValidationError:
        raise UnreadableEvent("data.participants: ids of users are needed") from None


def _others(event: Event) -> list[str]:
    """Nobody is told of their own act."""
    return [user for user in _participants(event) if user != event.actor]


def _the_user(event: Event) -> list[str]:
    try:
        return [canonical_id(event.subject)]
    except ValueError:
        raise UnreadableEvent("subject: a user's id is needed") from None


_MAILS: dict[str, tuple[Template, Audience]] = {
    "user.created.v1": (Template.WELCOME, _the_user),
    "transaction.proposed.v1": (Template.PROPOSAL_RECEIVED, _others),
    "transaction.revised.v1": (Template.PROPOSAL_CHANGED, _others),
    "transaction.accepted.v1": (Template.ACCEPTED, _others),
    "transaction.confirmed.v1": (Template.CONFIRMED, _others),
    "transaction.declined.v1": (Template.DECLINED, _others),
    "transaction.cancelled.v1": (Template.CANCELLED, _others),
    # Time did it: it has no actor, and everybody is told.
    "transaction.expired.v1": (Template.EXPIRED, _participants),
    "account.soft_limit_crossed.v1": (Template.SOFT_LIMIT, _the_user),
    # A receipt goes to the one who finalized too.
    "transaction.finalized.v1": (Template.RECEIPT, _participants),
}

# Events that the queue's filter lets through and that tell nobody anything at once, each with the reason.
_NO_MAIL = {
    "user.updated.v1": "people know what they change of themselves",
    "user.suspended.v1": "a coordinator tells the person, in words of their own",
    "user.reinstated.v1": "as for a suspension",
    "offering.published.v1": "its owner did it",
    "offering.changed.v1": "its owner did it",
    "offering.paused.v1": "its owner did it",
    "offering.fulfilled.v1": "its owner did it",
    "offering.expired.v1": "its owner was told before",
    "transaction.accepted_by.v1": "the last acceptance is told by transaction.accepted",
}


# A new member's weeks, and those of one whose time zone may be another now.
_BEGIN_WEEKS = ("user.created.v1", "user.updated.v1")


@dataclass(frozen=True, slots=True)
class UseCases:
    """What events set going."""

    notifications: Notifications
    reminders: Reminders
    weekly: WeeklyMails


def handlers(use_cases: UseCases) -> dict[str, Handler]:
    """The handler of each event type that arrives on `notification-queue`."""

    def handler(type: str) -> Handler:
        async def handle(unit: UnitOfWork, event: Event) -> None:
            if type in _MAILS:
                template, audience = _MAILS[type]
                await use_cases.notifications.intend(unit, event, template, audience(event))
            if type in REMINDERS:
                await use_cases.reminders.plan(unit, REMINDERS[type](event))
            if type in OFFERINGS:
                await use_cases.reminders.watch(unit, watched(event))
            if type in _BEGIN_WEEKS:
                (member,) = _the_user(event)
                await use_cases.weekly.begin(unit, member)

        return handle

    async def erase(unit: UnitOfWork, event: Event) -> None:
        (member,) = _the_user(event)
        await use_cases.notifications.erase(unit, member)

    return {**{type: handler(type) for type in (*_MAILS, *_NO_MAIL)}, "user.erased.v1": erase}
