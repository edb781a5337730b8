"""The one error of this package."""

__all__ = ["StackError"]


class StackError(Exception):
    """A stack is not as wanted; the text is one line that names the stack, the resource and the reason."""
