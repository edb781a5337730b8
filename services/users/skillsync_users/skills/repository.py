"""The catalogue: what ships with the package, a file read once at start, and the proposals that were approved."""

import hashlib
import json
from collections.abc import Sequence
from importlib import resources

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_users import tables
from skillsync_users.skills.entities import Catalogue, Skill

__all__ = ["SkillRepository", "load_catalogue"]

_row = tables.skill_proposals.c
_approved = (
    select(_row.slug, _row.category, _row.name)
    .where(_row.status == "approved")
    .order_by(_row.id)
    .with_hint(tables.skill_proposals, "FORCE INDEX (skill_proposals_status)", dialect_name="mysql")
)


class SkillRepository:
    """Reads the skills that members proposed and coordinators approved."""

    async def approved(self, connection: AsyncConnection) -> Sequence[Skill]:
        """All of them, in the order in which they were proposed."""
        return [Skill.named_once(*row) for row in await connection.execute(_approved)]

    async def find(self, connection: AsyncConnection, slug: str) -> Skill | None:
        """The one of that slug; None when there is none."""
        query = select(_row.slug, _row.category, _row.name).where(_row.live_slug == slug, _row.status == "approved")
        row = (await connection.execute(query)).one_or_none()
        return Skill.named_once(*row) if row else None


def load_catalogue() -> Catalogue:
    """The shipped catalogue; its version is drawn from its content."""
    content = (resources.files("skillsync_users.skills") / "catalogue.json").read_bytes()
    skills = [
        Skill(slug, category, names["en"], names["de"])
        for category, named in json.loads(content).items()
        for slug, names in named.items()
    ]
    return Catalogue(skills, int.from_bytes(hashlib.sha256(content).digest()[:6]))
