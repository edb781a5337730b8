"""What this service refuses by rules of its own."""

from skillsync_kit.errors import FieldError, Invalid

__all__ = ["InvalidRange"]


class InvalidRange(Invalid):
    """A parameter of a measure breaks a rule."""

    @classmethod
    def at(cls, parameter: str, rule: str) -> "InvalidRange":
        """The refusal of one parameter."""
        where = f"the query: {parameter}"
        return cls(f"{where}: {rule}", errors=(FieldError(where, rule),))
