"""What this service knows of a person, for the export they asked for."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.clock import Clock
from skillsync_kit.exports import After, Part, Rows
from skillsync_users.offerings.entities import MOST_OFFERINGS, Offering
from skillsync_users.offerings.repository import OfferingRepository
from skillsync_users.profiles.entities import Profile
from skillsync_users.profiles.repository import ProfileRepository
from skillsync_users.proposals.entities import Proposal
from skillsync_users.proposals.repository import ProposalRepository
from skillsync_users.stats.repository import StatisticsRepository

__all__ = ["OwnData"]


class OwnData:
    """Reads it, part by part."""

    def __init__(
        self,
        *,
        profiles: ProfileRepository,
        offerings: OfferingRepository,
        proposals: ProposalRepository,
        statistics: StatisticsRepository,
        clock: Clock,
    ) -> None:
        self._profiles = profiles
        self._offerings = offerings
        self._proposals = proposals
        self._statistics = statistics
        self._clock = clock

    @property
    def parts(self) -> tuple[Part, ...]:
        """All there is."""
        return (
            Part("profile", "Your profile, with your e-mail address, which nobody else is shown.", self._of_profile),
            Part("offerings", "What you offer and want, whatever became of it.", self._of_offerings),
            Part("proposals", "Skills that you proposed for the catalogue.", self._of_proposals),
            Part("statistics", "The sums over your finalized exchanges that your profile shows.", self._of_statistics),
        )

    async def _of_profile(self, connection: AsyncConnection, user: str, after: After, limit: int) -> Rows:
        profile = await self._profiles.find(connection, user)
        return Rows([_profile(profile)] if profile else [])

    async def _of_offerings(self, connection: AsyncConnection, user: str, after: After, limit: int) -> Rows:
        # Nobody may have more, so one page holds them all.
        found = await self._offerings.of_owner(connection, user, limit=MOST_OFFERINGS)
        for offering in found:
            offering.pass_time(self._clock.now())
        return Rows([_offering(offering) for offering in found])

    async def _of_proposals(self, connection: AsyncConnection, user: str, after: After, limit: int) -> Rows:
        found = await self._proposals.page(
            connection, author=user, status=None, before_id=after.id or None, limit=limit + 1
        )
        return Rows.of(found, limit, _proposal, lambda proposal: After(proposal.id))

    async def _of_statistics(self, connection: AsyncConnection, user: str, after: After, limit: int) -> Rows:
        sums = await self._statistics.of(connection, user)
        names = ("finalized", "minutes_given", "minutes_received", "partners", "as_of")
        return Rows([{name: getattr(sums, name) for name in names}])


def _profile(it: Profile) -> dict[str, Any]:
    return {
        "id": it.id,
        "email": it.email,
        "first_name": it.first_name,
        "last_name": it.last_name,
        "display_name": it.display_name,
        "about": it.about,
        "locale": it.locale,
        "time_zone": it.time_zone,
        "status": it.status,
        "status_reason": it.status_reason or None,
        "status_at": it.status_at,
        "erasure_due_at": it.erasure_due_at,
        "created_at": it.created_at,
        "updated_at": it.updated_at,
    }


def _offering(it: Offering) -> dict[str, Any]:
    return {
        "id": it.id,
        "kind": it.kind,
        "skill": it.skill,
        "text": it.text,
        "modality": it.modality,
        "status": it.status,
        "expires_at": it.expires_at,
        "created_at": it.created_at,
        "updated_at": it.updated_at,
    }


def _proposal(it: Proposal) -> dict[str, Any]:
    return {
        "id": it.id,
        "slug": it.slug,
        "name": it.name,
        "category": it.category,
        "status": it.status,
        "created_at": it.created_at,
        "decided_at": it.decided_at,
    }
