"""Messages of SES about mails: bounces and complaints, as SES writes them and not in our envelope.

Source: Amazon SES, "Contents of event data that Amazon SES publishes to Amazon SNS".
"""

import hashlib
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from skillsync_kit.database import UnitOfWork
from skillsync_kit.events import Event, UnreadableEvent
from skillsync_kit.ids import canonical_id
from skillsync_kit.inbox import Handler
from skillsync_notifications.entities import Feedback, Return
from skillsync_notifications.service import MailFeedback

__all__ = ["read_return", "return_handlers"]

# What SES sends when the topic is set up as its destination.
_GREETING = "Successfully validated SNS topic for Amazon SES event publishing."
_SOURCE = "ses"
_GREETED, _BOUNCED, _COMPLAINED = "ses.greeting", "ses.bounce", "ses.complaint"
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Recipient(_Lenient):
    emailAddress: str = Field(max_length=320)


class _Bounce(_Lenient):
    bounceType: str
    bouncedRecipients: list[_Recipient] = Field(max_length=50)


class _Complaint(_Lenient):
    complainedRecipients: list[_Recipient] = Field(max_length=50)


class _Mail(_Lenient):
    messageId: str = Field(min_length=1, max_length=128)
    tags: dict[str, list[str]] = Field(default_factory=dict)


class _Message(_Lenient):
    eventType: Literal["Bounce", "Complaint"]
    mail: _Mail
    bounce: _Bounce | None = None
    complaint: _Complaint | None = None


def read_return(body: str) -> Event:
    """SES's message as an event whose id is the same whenever SES repeats it. Raises UnreadableEvent.

    The id is made of the message's id and of what happened: SES gives a repetition no id of its own. A mail may bounce
    softly first and hard later: those are two.
    """
    if body.startswith(_GREETING):
        return _event(_GREETED, "greeting", {})
    try:
        message = _Message.model_validate_json(body)
    except ValidationError as invalid:
        # Places alone: what stands there may be an address.
        places = ", ".join(".".join(map(str, error["loc"])) or "body" for error in invalid.errors()[:3])
        raise UnreadableEvent(f"no bounce or complaint of SES: {places}") from None
    feedback = _feedback(message)
    type = _COMPLAINED if feedback.kind is Return.COMPLAINT else _BOUNCED
    return _event(type, f"{feedback.ses_message_id}\n{feedback.kind}", {"feedback": feedback})


def return_handlers(feedback: MailFeedback) -> dict[str, Handler]:
    """The handler of each kind of message that arrives on `feedback-queue`."""

    async def receive(unit: UnitOfWork, event: Event) -> None:
        await feedback.receive(unit, event.data["feedback"])

    async def nothing(unit: UnitOfWork, event: Event) -> None:
        """A greeting tells nothing."""

    return {_BOUNCED: receive, _COMPLAINED: receive, _GREETED: nothing}


def _feedback(message: _Message) -> Feedback:
    if message.bounce is not None and message.eventType == "Bounce":
        kind = Return.HARD_BOUNCE if message.bounce.bounceType == "Permanent" else Return.SOFT_BOUNCE
        recipients = message.bounce.bouncedRecipients
    elif message.complaint is not None and message.eventType == "Complaint":
        kind, recipients = Return.COMPLAINT, message.complaint.complainedRecipients
    else:
        raise UnreadableEvent("no bounce or complaint of SES: what happened is missing")
    addresses = tuple(recipient.emailAddress for recipient in recipients)
    return Feedback(kind, _mail_id(message.mail), message.mail.messageId, addresses)


def _mail_id(mail: _Mail) -> str | None:
    given = mail.tags.get("mail_id", [])
    try:
        return canonical_id(given[0]) if given else None
    except ValueError:
        return None


def _event(type: str, key: str, data: dict[str, object]) -> Event:
    id = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return Event(id=id, type=type, source=_SOURCE, subject=id, sequence=1, time=_NO_TIME, data=data)
