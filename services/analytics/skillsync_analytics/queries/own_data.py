"""What this service knows of a person, for the export they asked for."""

from dataclasses import asdict
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_analytics.repository import MemberExchange, MemberRepository
from skillsync_kit.exports import After, Part, Rows

__all__ = ["OwnData"]


class OwnData:
    """Reads it, part by part."""

    def __init__(self, members: MemberRepository) -> None:
        self._members = members

    @property
    def parts(self) -> tuple[Part, ...]:
        """All there is."""
        return (
            Part("figures", "Your figures: sums over your finalized exchanges.", self._of_figures),
            Part("exchanges", "What each finalized exchange adds to your figures.", self._of_exchanges),
        )

    async def _of_figures(self, connection: AsyncConnection, user: str, after: After, limit: int) -> Rows:
        return Rows([asdict(await self._members.figures(connection, user))])

    async def _of_exchanges(self, connection: AsyncConnection, user: str, after: After, limit: int) -> Rows:
        found = await self._members.exchanges(connection, user, after=after.id, limit=limit + 1)
        return Rows.of(found, limit, _exchange, lambda exchange: After(exchange.transaction_id))


def _exchange(it: MemberExchange) -> dict[str, Any]:
    return {
        "transaction": it.transaction_id,
        "minutes_given": it.minutes_given,
        "minutes_received": it.minutes_received,
        "finalized_at": it.finalized_at,
    }
