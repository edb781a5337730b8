"""What can be refused about an export: one class each."""

from skillsync_kit.errors import Conflict, NotFound

__all__ = ["ExportNotFound", "ExportNotReady", "ExportUnderWay", "TooManyExports"]


class ExportNotFound(NotFound):
    """No export of that id, or it is somebody else's."""


class ExportUnderWay(Conflict):
    """One is being made for this person."""

    code, title = "export-under-way", "An export of yours is being made"
    example = "Wait until it is ready: GET /v1/users/me/exports."


class TooManyExports(Conflict):
    """The person has as many as are kept at once."""

    code, title = "too-many-exports", "You have too many exports"
    example = "Fetch one of those that are ready: at most 3 are kept, each for 7 days."


class ExportNotReady(Conflict):
    """There is no file: it is not made yet, could not be made, or its time is over."""

    code, title = "export-not-ready", "The export has no file"
    example = "It is pending."
