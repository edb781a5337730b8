"""What happens to a mail: facts in the past tense, each with its wire name. Their JSON Schemas are in `events/`."""

from dataclasses import dataclass
from typing import Any, ClassVar

__all__ = ["EmailBounced", "EmailComplained", "EmailFact", "EmailSent"]


@dataclass(frozen=True, slots=True)
class EmailFact:
    """What every fact about a mail tells; `cause` is the id of the event, or of the plan, that the mail tells of.

    `number` is the event's among those of its mail: each happens to a mail once.
    """

    type: ClassVar[str]
    number: ClassVar[int]

    mail: str
    recipient: str
    template: str
    cause: str

    def data(self) -> dict[str, Any]:
        """The event's `data` on the wire."""
        return {"recipient": self.recipient, "template": self.template, "cause": self.cause}


@dataclass(frozen=True, slots=True)
class EmailSent(EmailFact):
    """The mail service took a mail."""

    type: ClassVar[str] = "email.sent.v1"
    number: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class EmailBounced(EmailFact):
    """A mail came back for good."""

    type: ClassVar[str] = "email.bounced.v1"
    number: ClassVar[int] = 2


@dataclass(frozen=True, slots=True)
class EmailComplained(EmailFact):
    """A mail's recipient called it spam."""

    type: ClassVar[str] = "email.complained.v1"
    number: ClassVar[int] = 3
