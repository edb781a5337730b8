"""What happens to a mail: facts in the past tense, each with its wire name. Their JSON Schemas are in `events/`."""

from dataclasses import dataclass
from typing import Any, ClassVar

__all__ = ["EmailSent"]


@dataclass(frozen=True, slots=True)
class EmailSent:
    """The mail service took a mail; `cause` is the id of the event that the mail tells of."""

    type: ClassVar[str] = "email.sent.v1"

    mail: str
    recipient: str
    template: str
    cause: str

    def data(self) -> dict[str, Any]:
        """The event's `data` on the wire."""
        return {"recipient": self.recipient, "template": self.template, "cause": self.cause}
