"""Failures of this service, and why a mail does not leave.

A reason is fixed words or a code: never a name, an address or another service's text.
"""

from typing import Self

from skillsync_kit.errors import FieldError, Invalid, NotFound

__all__ = ["NoSuchLink", "NothingToSend", "NotificationNotFound", "Refused", "RequiredMail", "Suppressed", "Unwanted"]


class NotificationNotFound(NotFound):
    """There is no such notification, or it is somebody else's."""

    title = "There is no such notification"


class NoSuchLink(NotFound):
    """The token is none, or its mail is more than a year old."""

    title = "This link is not known, or is too old"


class RequiredMail(Invalid):
    """Mail of this topic is always sent."""

    code, title = "required-mail", "This mail cannot be switched off"
    example = "/account/mail: mail about the account and about hours that moved is always sent"

    @classmethod
    def at(cls, topic: str, channel: str) -> Self:
        """The refusal of switching it off there."""
        pointer, rule = f"/{topic}/{channel}", "mail about the account and about hours that moved is always sent"
        return cls(f"{pointer}: {rule}", errors=(FieldError(pointer, rule),))


class NothingToSend(Exception):
    """What the mail would tell of, or whom it would tell, is gone: it is dropped."""


class Suppressed(Exception):
    """The address takes no mail of ours: an earlier one came back, or was called spam."""


class Unwanted(Exception):
    """The recipient has switched such mail off."""


class Refused(Exception):
    """The mail can never be sent as it is: trying again would change nothing."""
