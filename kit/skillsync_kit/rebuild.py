"""A consumer's read model built anew beside the live one, by the same handlers over tables of their own."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Select, Table, delete, exists, func, insert, literal, select

from skillsync_kit.database import UnitOfWork
from skillsync_kit.events import Event
from skillsync_kit.processed_messages import ProcessedMessages
from skillsync_kit.replays import Replays

__all__ = ["Handler", "Rebuild"]

Handler = Callable[[UnitOfWork, Event], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Rebuild:
    """The rebuilt read model of `consumer`. `models` are the rebuilt tables by the live ones.

    `handlers` has the types of the live consumer, writing to the rebuilt tables and to nothing else: what is replayed
    sends no mail and publishes nothing. A handler reads the whole event before it writes.
    """

    consumer: str
    replays: Replays
    processed: ProcessedMessages
    models: Mapping[Table, Table]
    handlers: Mapping[str, Handler]

    @property
    def name(self) -> str:
        """The name under which the ids in the rebuilt model are recorded."""
        return f"{self.consumer}-rebuilt"

    async def is_open(self, unit: UnitOfWork) -> bool:
        """Whether the model is being built anew; that does not change before this unit ends."""
        return await self.replays.shared(unit) is not None

    async def receive(self, unit: UnitOfWork, event: Event) -> bool:
        """Give the event its effect on the rebuilt model, once; False when it was there already."""
        if not await self.processed.first_time(unit, self.name, event.id):
            return False
        await self.handlers[event.type](unit, event)
        return True

    async def forget(self, unit: UnitOfWork, event: Event) -> None:
        """Take the id of an event back whose handler could not read it, and so has written nothing."""
        ids = self.processed.table.c
        taken_back = delete(self.processed.table).where(ids.consumer == self.name, ids.event_id == event.id)
        await unit.connection.execute(taken_back)

    async def empty(self, unit: UnitOfWork) -> None:
        """Forget the rebuilt model."""
        for rebuilt in self.models.values():
            await unit.connection.execute(delete(rebuilt))
        ids = self.processed.table
        await unit.connection.execute(delete(ids).where(ids.c.consumer == self.name))

    async def copy_live(self, unit: UnitOfWork) -> None:
        """Begin from a copy of the live model; into an empty one."""
        for live, rebuilt in self.models.items():
            await unit.connection.execute(insert(rebuilt).from_select(rebuilt.c.keys(), select(live)))
        await self._copy_ids(unit, self.consumer, self.name)

    async def take_over(self, unit: UnitOfWork) -> None:
        """Let the rebuilt model be the live one."""
        for live, rebuilt in self.models.items():
            await unit.connection.execute(delete(live))
            await unit.connection.execute(insert(live).from_select(live.c.keys(), select(rebuilt)))
        # What only a replay has seen so far may still be on its way: it must not count again when it arrives.
        await self._copy_ids(unit, self.name, self.consumer)

    def only_rebuilt(self) -> Select[int]:
        """Counts the events that the rebuilt model has and the live one has not: on their way, or lost."""
        return self._only(self.name, self.consumer)

    def only_live(self) -> Select[int]:
        """Counts the events that the live model has and the rebuilt one has not: no producer exports them."""
        return self._only(self.consumer, self.name)

    def _only(self, here: str, there: str) -> Select[int]:
        mine, other = self.processed.table.alias(), self.processed.table.alias()
        same = exists().where(other.c.consumer == there, other.c.event_id == mine.c.event_id)
        return select(func.count()).select_from(mine).where(mine.c.consumer == here, ~same)

    async def _copy_ids(self, unit: UnitOfWork, source: str, target: str) -> None:
        ids = self.processed.table
        copied = select(literal(target), ids.c.event_id, ids.c.processed_at).where(ids.c.consumer == source)
        new = insert(ids).prefix_with("IGNORE", dialect="mysql").prefix_with("OR IGNORE", dialect="sqlite")
        await unit.connection.execute(new.from_select(["consumer", "event_id", "processed_at"], copied))
