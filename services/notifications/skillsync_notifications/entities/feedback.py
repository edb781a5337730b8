"""What the way of a mail brings back, and the addresses that take none any more."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Feedback", "Return", "Suppression", "address_digest"]


class Return(StrEnum):
    """How a mail came back. A soft bounce may yet arrive, or the next one will."""

    HARD_BOUNCE = "hard-bounce"
    SOFT_BOUNCE = "soft-bounce"
    COMPLAINT = "complaint"


@dataclass(frozen=True, slots=True)
class Feedback:
    """One mail that came back: our id of it where known, the mail service's, and the addresses it is about."""

    kind: Return
    mail_id: str | None
    ses_message_id: str
    addresses: tuple[str, ...]


class Suppression(StrEnum):
    """Why an address takes no mail; one that complained takes required mail still."""

    BOUNCED = "bounced"
    COMPLAINED = "complained"

    def forbids(self, *, is_required: bool) -> bool:
        """Whether a mail may not go there."""
        return self is Suppression.BOUNCED or not is_required


def address_digest(user: str, address: str) -> str:
    """A digest of a member's address, under their id: it can be recognised, and not looked up in a list of addresses.

    In lower case: two addresses that differ in case alone are one mailbox nearly everywhere, and one account here.
    """
    return hashlib.sha256(f"{user}\n{address.strip().lower()}".encode("utf-8", "surrogatepass")).hexdigest()
