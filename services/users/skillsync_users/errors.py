"""What can be refused whatever the feature: one class each."""

from skillsync_kit.errors import Forbidden, Invalid

__all__ = ["EmailNotVerified", "EmailUnusable", "NotAMember"]


class NotAMember(Forbidden):
    """The caller has no profile here, or may not act at present."""

    code, title = "not-a-member", "Only active members may do this"
    example = "Make your profile first: POST /v1/users."


class EmailNotVerified(Forbidden):
    """The user pool knows no verified e-mail address of the caller."""

    code, title = "email-not-verified", "Verify your e-mail address first"
    example = "Confirm the code that was sent to your e-mail address, then sign up again."


class EmailUnusable(Invalid):
    """The verified e-mail address is one that no mail could be sent to safely."""

    code, title = "email-unusable", "Your e-mail address cannot be used"
    example = "Give the user pool another e-mail address, then sign up again."
