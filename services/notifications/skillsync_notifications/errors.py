"""Why a mail does not leave. A reason is fixed words or a code: never a name, an address or another service's text."""

__all__ = ["NothingToSend", "Refused"]


class NothingToSend(Exception):
    """What the mail would tell of, or whom it would tell, is gone: it is dropped."""


class Refused(Exception):
    """The mail can never be sent as it is: trying again would change nothing."""
