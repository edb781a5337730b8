"""What analytics reads of other services' events: its own small, tolerant models. The producers own the schemas."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from skillsync_kit.events import Event, UnreadableEvent
from skillsync_kit.ids import Id

__all__ = ["Leg", "MemberFacts", "OfferingFacts", "Terms"]

# Most legs of an exchange are under 6000 minutes; the bound keeps sums within what the database can hold.
_MOST_MINUTES = 1_000_000


class _Tolerant(BaseModel):
    """Passes over what it does not know, so that a producer may add fields at any time."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    @classmethod
    def of(cls, event: Event) -> Self:
        """What an event's data tells. Raises UnreadableEvent."""
        try:
            return cls.model_validate(event.data)
        except ValidationError as invalid:
            raise UnreadableEvent(f"data: {_first(invalid.errors())}") from None


class Leg(_Tolerant):
    """Who gave, or is to give, whom how many minutes of what."""

    giver: Id
    receiver: Id
    minutes: int = Field(ge=0, le=_MOST_MINUTES)
    skill: str = Field(default="", max_length=64)


class Terms(_Tolerant):
    """The data of every `transaction.*` event: what is exchanged among whom."""

    legs: dict[str, Leg] = Field(min_length=1, max_length=100)
    settlement: str = Field(default="hours", min_length=1, max_length=8)

    @property
    def participants(self) -> list[str]:
        """Everyone who gives or receives; in one order everywhere, so that two deliveries at once lock alike."""
        return sorted({person for leg in self.legs.values() for person in (leg.giver, leg.receiver)})

    @property
    def minutes(self) -> int:
        """What is given, over all legs."""
        return sum(leg.minutes for leg in self.legs.values())


class MemberFacts(_Tolerant):
    """The data of `user.*` events: the status a member has since."""

    to: str = Field(default="active", min_length=1, max_length=16)


class OfferingFacts(_Tolerant):
    """The data of `offering.*` events: whose it is, of what, and the status it has since."""

    owner: Id
    kind: Literal["offer", "want"]
    skill: str = Field(min_length=1, max_length=64)
    to: str = Field(min_length=1, max_length=16)


def _first(errors: list[Any]) -> str:
    return f"{'.'.join(map(str, errors[0]['loc']))}: {errors[0]['msg']}"
