"""The community's week for its coordinators: asked for at the analytics service, as they would be answered."""

import asyncio
from datetime import date, timedelta
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from skillsync_kit.errors import DependencyUnavailable
from skillsync_kit.internal_client import InternalService
from skillsync_notifications.entities import Brief, SkillCount

__all__ = ["AnalyticsService", "Figures"]

_MOST_SKILLS = 5


class Figures(Protocol):
    """Knows what is counted."""

    async def brief(self, monday: date) -> Brief:
        """The week that begins on that Monday, in UTC. Raises DependencyUnavailable."""
        ...


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")

    rows: list[dict[str, Any]]


class _Members(BaseModel):
    new: int | None
    active: int | None
    dormant: int | None


class _Funnel(BaseModel):
    proposed: int | None


class _Exchanges(BaseModel):
    exchanges: int | None
    minutes: int | None


class _Skill(BaseModel):
    kind: str
    skill: str
    members: int


class AnalyticsService:
    """Figures, asked for at the analytics service. What it does not show is None."""

    def __init__(self, service: InternalService) -> None:
        self._service = service

    async def brief(self, monday: date) -> Brief:
        """See Figures."""
        week = [("from", monday.isoformat()), ("to", (monday + timedelta(days=7)).isoformat()), ("interval", "week")]
        queries = {"members": week, "funnel": week, "exchanges": week, "skills": []}
        answers = await asyncio.gather(
            *(self._service.get(f"/internal/measures/{name}", query) for name, query in queries.items())
        )
        try:
            members, funnel, exchanges, skills = (_Answer.model_validate(answer).rows for answer in answers)
            people, outcome = _Members.model_validate(members[0]), _Funnel.model_validate(funnel[0])
            counted = _Exchanges.model_validate(exchanges[0])
            most = [_Skill.model_validate(row) for row in skills]
        except (ValidationError, IndexError):
            raise DependencyUnavailable("The analytics service's answer cannot be read.") from None
        return Brief(
            since=monday,
            until=monday + timedelta(days=6),
            new_members=people.new,
            active_members=people.active,
            dormant_members=people.dormant,
            exchanges_proposed=outcome.proposed,
            exchanges_finalized=counted.exchanges,
            minutes_exchanged=counted.minutes,
            most_offered=_first(most, "offer"),
            most_wanted=_first(most, "want"),
        )


def _first(skills: list[_Skill], kind: str) -> tuple[SkillCount, ...]:
    return tuple(SkillCount(it.skill, it.members) for it in skills if it.kind == kind)[:_MOST_SKILLS]
