"""Request and response shapes of suspensions."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from skillsync_kit.texts import Line
from skillsync_users.profiles.entities import Profile, UserStatus

__all__ = ["Standing", "Suspension", "represent"]

Reason = Annotated[Line, Field(min_length=1, max_length=500, description="Shown to the member")]


class Suspension(BaseModel):
    """Why a member is suspended."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "Did not keep three dates."}]})

    reason: Reason


class Standing(BaseModel):
    """A member's status; without name and reason, for this answer is kept with the coordinator's key."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "0190c5d4-8f6e-7000-8000-000000000001",
                    "status": "suspended",
                    "version": 3,
                    "changed_at": "2030-01-02T08:30:00Z",
                }
            ]
        }
    )

    id: str
    status: UserStatus
    version: int
    changed_at: datetime | None


def represent(profile: Profile) -> Standing:
    """A member's status as coordinators are shown it."""
    return Standing(id=profile.id, status=profile.status, version=profile.version, changed_at=profile.status_at)
