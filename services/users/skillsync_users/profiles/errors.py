"""What can be refused about a profile: one class each."""

from skillsync_kit.errors import Conflict, NotFound

__all__ = ["EmailTaken", "ProfileExists", "ProfileNotFound"]


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
