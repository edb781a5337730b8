"""What can be refused about a profile: one class each."""

from skillsync_kit.errors import Conflict, Forbidden, NotFound

__all__ = ["EmailTaken", "ErasureUnderWay", "NotYourself", "ProfileExists", "ProfileNotFound", "WrongStatus"]


class ProfileNotFound(NotFound):
    """No profile of that id, or one that was erased."""


class ProfileExists(Conflict):
    """The caller has signed up before."""

    code, title = "profile-exists", "You have a profile already"
    example = "Read it at /v1/users/me."


class EmailTaken(Conflict):
    """Another account has the same verified e-mail address, in whatever case."""

    code, title = "email-taken", "Another account has your e-mail address"
    example = "Sign in to that account instead."


class WrongStatus(Conflict):
    """The member is suspended already, or is not."""

    code, title = "wrong-status", "The member's present status does not allow this"
    example = "Only an active member can be suspended."


class NotYourself(Forbidden):
    """A coordinator decides about others."""

    code, title = "not-yourself", "Nobody may decide this about themselves"
    example = "Ask another coordinator."


class ErasureUnderWay(Conflict):
    """The days to change one's mind are over."""

    code, title = "erasure-under-way", "Your account is being erased"
    example = "It was to be erased from 2030-01-08T12:00:00+00:00 on."
