"""Messages in: which event tells whom by which mail, and which by none."""

from collections.abc import Callable, Iterable

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from skillsync_kit.database import UnitOfWork
from skillsync_kit.events import Event, UnreadableEvent
from skillsync_kit.ids import Id, canonical_id
from skillsync_kit.inbox import Handler
from skillsync_notifications.entities import Template
from skillsync_notifications.service import Notifications

__all__ = ["handlers"]

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
    # A receipt goes to the one who finalized too.
    "transaction.finalized.v1": (Template.RECEIPT, _participants),
}

# Events that the queue's filter lets through and that tell nobody anything, each with the reason.
_NO_MAIL = {
    "user.updated.v1": "people know what they change of themselves",
    "user.suspended.v1": "a coordinator tells the person, in words of their own",
    "user.reinstated.v1": "as for a suspension",
    "offering.published.v1": "its owner did it",
    "offering.changed.v1": "its owner did it",
    "offering.paused.v1": "its owner did it",
    "offering.fulfilled.v1": "its owner did it",
    "offering.expired.v1": "no mail on it yet",
    "transaction.accepted_by.v1": "the last acceptance is told by transaction.accepted",
    "transaction.declined.v1": "no mail on it yet",
    "transaction.cancelled.v1": "no mail on it yet",
    "transaction.expired.v1": "no mail on it yet",
    "account.soft_limit_crossed.v1": "no mail on it yet",
}


def handlers(notifications: Notifications) -> dict[str, Handler]:
    """The handler of each event type that arrives on `notification-queue`."""

    def intend(template: Template, audience: Audience) -> Handler:
        async def handle(unit: UnitOfWork, event: Event) -> None:
            await notifications.intend(unit, event, template, audience(event))

        return handle

    async def tell_nobody(unit: UnitOfWork, event: Event) -> None:
        """See _NO_MAIL."""

    async def erase(unit: UnitOfWork, event: Event) -> None:
        await notifications.erase(unit, *_the_user(event))

    mails = {type: intend(template, audience) for type, (template, audience) in _MAILS.items()}
    return {**mails, **dict.fromkeys(_NO_MAIL, tell_nobody), "user.erased.v1": erase}
