"""Who takes part: names from the users service, asked before a unit of work, and the replica of who may act."""

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.auth import Principal
from skillsync_kit.database import UnitOfWork
from skillsync_transactions.clients import People
from skillsync_transactions.entities import Changes, Name, Transaction
from skillsync_transactions.errors import NotAMember, ParticipantUnavailable
from skillsync_transactions.repository import PeopleReplica

__all__ = ["Members", "people_in"]


class Members:
    """What this service knows of members.

    Whoever is written into a transaction is found in the users service first, with a short wait; from then on the
    replica tells when somebody is suspended or erased.
    """

    def __init__(self, *, people: People, replica: PeopleReplica) -> None:
        self._people = people
        self._replica = replica

    async def names(self, ids: Collection[str], by: Principal, transaction: Transaction) -> dict[str, Name]:
        """The names of these people. Raises NotAMember or ParticipantUnavailable, DependencyUnavailable."""
        names = await self._people.names(ids, by.token)
        if by.id in ids and by.id not in names:
            raise NotAMember("Make your profile first: POST /v1/users.")
        refuse_unavailable(set(ids) - names.keys(), transaction)
        return names

    async def require_active(
        self, connection: AsyncConnection, actor: str, transaction: Transaction, others: Collection[str]
    ) -> None:
        """Raises NotAMember or ParticipantUnavailable when the actor or one of the others may not act."""
        unavailable = await self._replica.unavailable(connection, {actor, *others})
        refuse_suspended(actor, unavailable)
        refuse_unavailable(unavailable, transaction)

    async def record_status(self, unit: UnitOfWork, user: str, status: str, sequence: int) -> None:
        """Remember a user's status, as an event told it."""
        await self._replica.record(unit, user, status, sequence)


def refuse_suspended(actor: str, unavailable: Collection[str]) -> None:
    """Raises NotAMember when the actor is among those who may not act."""
    if actor in unavailable:
        raise NotAMember("Your account is suspended: you can read what is yours, but not act.")


def refuse_unavailable(unavailable: Collection[str], transaction: Transaction) -> None:
    """Raises ParticipantUnavailable, with the pointers of those who may not take part, when there are any."""
    if unavailable:
        raise ParticipantUnavailable.of(
            f"/legs/{key}/{part}"
            for key, leg in transaction.legs.items()
            for part, person in (("giver", leg.giver), ("receiver", leg.receiver))
            if person in unavailable
        )


def people_in(changes: Changes) -> set[str]:
    """Everyone whom a merge patch names."""
    legs = [leg for leg in (changes.get("legs") or {}).values() if leg]
    return {person for leg in legs for person in (leg.get("giver"), leg.get("receiver")) if person}
