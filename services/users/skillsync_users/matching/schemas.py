"""The shape of matches over HTTP."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from skillsync_users.matching.entities import Match

__all__ = ["MatchList", "represent"]


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
