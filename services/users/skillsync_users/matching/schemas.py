"""The shape of matches over HTTP."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from skillsync_users.matching.entities import Match, Ring

__all__ = ["MatchList", "RingList", "represent", "represent_rings"]


class MatchRepresentation(BaseModel):
    """Another member, and the skills in which they match; skills are slugs of GET /v1/skills."""

    user: str
    display_name: str
    offers: list[str] = Field(description="What they offer that the caller wants")
    wants: list[str] = Field(description="What they want that the caller offers")


class MatchList(BaseModel):
    """The best matches, the most matching skills first; at most 50."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "user": "0190c5d4-8f6e-7000-8000-000000000002",
                            "display_name": "Bo",
                            "offers": ["german"],
                            "wants": ["guitar"],
                        }
                    ]
                }
            ]
        }
    )

    items: list[MatchRepresentation]


class RingMember(BaseModel):
    """Another member of a ring."""

    user: str
    display_name: str


class RingLeg(BaseModel):
    """Who could give what to whom; skills are slugs of GET /v1/skills."""

    giver: str
    receiver: str
    skills: list[str]


class RingRepresentation(BaseModel):
    """Three who could exchange: the caller gives to the first of the members, who gives to the second."""

    members: list[RingMember] = Field(min_length=2, max_length=2)
    legs: list[RingLeg] = Field(min_length=3, max_length=3, description="From the caller round to the caller")


class RingList(BaseModel):
    """The best rings, the most matching skills first; at most 50."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "members": [
                                {"user": "0190c5d4-8f6e-7000-8000-000000000002", "display_name": "Bo"},
                                {"user": "0190c5d4-8f6e-7000-8000-000000000003", "display_name": "Cy"},
                            ],
                            "legs": [
                                {
                                    "giver": "0190c5d4-8f6e-7000-8000-000000000001",
                                    "receiver": "0190c5d4-8f6e-7000-8000-000000000002",
                                    "skills": ["guitar"],
                                },
                                {
                                    "giver": "0190c5d4-8f6e-7000-8000-000000000002",
                                    "receiver": "0190c5d4-8f6e-7000-8000-000000000003",
                                    "skills": ["chess"],
                                },
                                {
                                    "giver": "0190c5d4-8f6e-7000-8000-000000000003",
                                    "receiver": "0190c5d4-8f6e-7000-8000-000000000001",
                                    "skills": ["german"],
                                },
                            ],
                        }
                    ]
                }
            ]
        }
    )

    items: list[RingRepresentation]


def represent(matches: Sequence[Match]) -> MatchList:
    """Matches as their seeker is shown them."""
    return MatchList(
        items=[
            MatchRepresentation(
                user=it.user, display_name=it.display_name, offers=list(it.offers), wants=list(it.wants)
            )
            for it in matches
        ]
    )


def represent_rings(rings: Sequence[Ring]) -> RingList:
    """Rings as their seeker is shown them."""
    return RingList(
        items=[
            RingRepresentation(
                members=[RingMember(user=user, display_name=name) for user, name in ring.names.items()],
                legs=[RingLeg(giver=it.giver, receiver=it.receiver, skills=list(it.skills)) for it in ring.legs],
            )
            for ring in rings
        ]
    )
