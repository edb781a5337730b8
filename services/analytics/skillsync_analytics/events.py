"""What analytics reads of other services' events: its own small, tolerant model. The producers own the schemas."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from skillsync_kit.events import Event, UnreadableEvent
from skillsync_kit.ids import Id

__all__ = ["FinalizedExchange", "FinalizedLeg"]


class _Tolerant(BaseModel):
    """Passes over what it does not know, so that a producer may add fields at any time."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class FinalizedLeg(_Tolerant):
    """Who gave whom how many minutes."""

    giver: Id
    receiver: Id
    minutes: int = Field(ge=0)


class FinalizedExchange(_Tolerant):
    """The data of `transaction.finalized.v1`."""

    legs: dict[str, FinalizedLeg] = Field(min_length=1)

    @classmethod
    def of(cls, event: Event) -> Self:
        """The exchange an event tells of. Raises UnreadableEvent."""
        try:
            return cls.model_validate(event.data)
        except ValidationError as invalid:
            raise UnreadableEvent(f"data: {_first(invalid.errors())}") from None


def _first(errors: list[Any]) -> str:
    return f"{'.'.join(map(str, errors[0]['loc']))}: {errors[0]['msg']}"
