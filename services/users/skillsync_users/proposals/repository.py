"""All SQL of proposals."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.database import ChangedMeanwhile, UnitOfWork
from skillsync_users import tables
from skillsync_users.proposals.entities import Proposal, ProposalStatus
from skillsync_users.proposals.errors import AlreadyProposed

__all__ = ["ProposalRepository"]

_row = tables.skill_proposals.c


class ProposalRepository:
    """Keeps proposals."""

    async def add(self, unit: UnitOfWork, proposal: Proposal) -> None:
        """Keep a new one. Raises AlreadyProposed: the unique key decides, also between two at once."""
        try:
            await unit.connection.execute(insert(tables.skill_proposals), _columns(proposal))
        except IntegrityError:
            raise AlreadyProposed(AlreadyProposed.example) from None

    async def find(self, connection: AsyncConnection, id: str, author: str | None) -> Proposal | None:
        """The proposal; None when there is none, or when `author` is given and it is another's."""
        query = select(tables.skill_proposals).where(_row.id == id)
        row = (await connection.execute(query.where(_row.author == author) if author else query)).one_or_none()
        return _entity(row) if row else None

    async def live(self, connection: AsyncConnection, slug: str) -> Proposal | None:
        """The open or approved proposal of that slug."""
        query = select(tables.skill_proposals).where(_row.live_slug == slug)
        row = (await connection.execute(query)).one_or_none()
        return _entity(row) if row else None

    async def count(self, connection: AsyncConnection, status: ProposalStatus, author: str | None = None) -> int:
        """How many there are of a status; of one author's, if given."""
        query = select(func.count()).where(_row.status == status.value)
        return (await connection.execute(query.where(_row.author == author) if author else query)).scalar_one()

    async def page(
        self,
        connection: AsyncConnection,
        *,
        author: str | None,
        status: ProposalStatus | None,
        before_id: str | None,
        limit: int,
    ) -> Sequence[Proposal]:
        """At most `limit` of one author's or of all, newest id first, those before `before_id`."""
        query = select(tables.skill_proposals).order_by(_row.id.desc()).limit(limit)
        for column, value in ((_row.author, author), (_row.status, status)):
            query = query.where(column == value) if value else query
        if before_id:
            query = query.where(_row.id < before_id)
        index = {
            (True, True): "skill_proposals_author_status",
            (True, False): "skill_proposals_author",
            (False, True): "skill_proposals_status",
            (False, False): "PRIMARY",
        }[author is not None, status is not None]
        query = query.with_hint(tables.skill_proposals, f"FORCE INDEX ({index})", dialect_name="mysql")
        return [_entity(row) for row in await connection.execute(query)]

    async def save_decision(self, unit: UnitOfWork, proposal: Proposal) -> None:
        """Write what was decided of an open one. Raises ChangedMeanwhile when another decision was first."""
        still_open = update(tables.skill_proposals).where(
            _row.id == proposal.id, _row.status == ProposalStatus.OPEN.value
        )
        if (await unit.connection.execute(still_open.values(_columns(proposal)))).rowcount != 1:
            raise ChangedMeanwhile

    async def forget_author(self, unit: UnitOfWork, author: str) -> None:
        """Take away what one has proposed and nobody decided; what was decided stays, of nobody."""
        theirs = _row.author == author
        await unit.connection.execute(
            delete(tables.skill_proposals).where(theirs, _row.status == ProposalStatus.OPEN.value)
        )
        await unit.connection.execute(update(tables.skill_proposals).where(theirs).values(author=None))


def _entity(row: Row[Any]) -> Proposal:
    return Proposal(
        id=row.id,
        author=row.author,
        slug=row.slug,
        category=row.category,
        name=row.name,
        created_at=row.created_at,
        status=ProposalStatus(row.status),
        decided_at=row.decided_at,
        decided_by=row.decided_by,
    )


def _columns(proposal: Proposal) -> dict[str, Any]:
    return {
        "id": proposal.id,
        "author": proposal.author,
        "slug": proposal.slug,
        "live_slug": proposal.live_slug,
        "category": proposal.category,
        "name": proposal.name,
        "status": proposal.status.value,
        "created_at": proposal.created_at,
        "decided_at": proposal.decided_at,
        "decided_by": proposal.decided_by,
    }
