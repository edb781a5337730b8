"""Messages in: exchanges that were finalized. Of each event this service reads only what it needs."""

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from skillsync_kit.database import UnitOfWork
from skillsync_kit.events import Event, UnreadableEvent
from skillsync_kit.ids import Id
from skillsync_kit.inbox import Handler
from skillsync_users.stats.entities import GivenLeg
from skillsync_users.stats.service import Tally

__all__ = ["handlers"]


class _Leg(BaseModel):
    model_config = ConfigDict(extra="ignore")

    giver: Id
    receiver: Id
    minutes: int = Field(ge=0, le=1_000_000)


class _Finalized(BaseModel):
    """What this service reads of `transaction.finalized.v1`; the rest is passed over."""

    model_config = ConfigDict(extra="ignore")

    legs: dict[str, _Leg] = Field(min_length=1, max_length=100)


def handlers(tally: Tally) -> dict[str, Handler]:
    """The handlers of this feature."""

    async def count_exchange(unit: UnitOfWork, event: Event) -> None:
        try:
            told = _Finalized.model_validate(event.data)
        except ValidationError as invalid:
            where = ".".join(map(str, invalid.errors()[0]["loc"]))
            raise UnreadableEvent(f"data.{where}: {invalid.errors()[0]['msg']}") from None
        legs = [GivenLeg(leg.giver, leg.receiver, leg.minutes) for leg in told.legs.values()]
        await tally.count_exchange(unit, legs, event.time)

    return {"transaction.finalized.v1": count_exchange}
