"""Shapes of answers about leaving."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from skillsync_users.erasure.entities import Planned, Progress

__all__ = ["ErasureWish", "OpenErasures", "represent_open"]

_ADA = "0190c5d4-8f6e-7000-8000-000000000001"
_BO = "0190c5d4-8f6e-7000-8000-000000000002"


class ErasureWish(BaseModel):
    """From when on the account is erased; until then its owner may change their mind."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"erasure_due_at": "2030-01-08T12:00:00Z"}]})

    erasure_due_at: datetime


class OpenErasure(BaseModel):
    """An erasure that somebody has not done their part of."""

    user_id: str
    erased_at: datetime
    acknowledged: list[str]
    missing: list[str]


class PlannedErasure(BaseModel):
    """An erasure that its person may still take back."""

    user_id: str
    due_at: datetime


class OpenErasures(BaseModel):
    """Those there are, the oldest first, and those still to come, the first due first; at most a hundred of each."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "user_id": _ADA,
                            "erased_at": "2030-01-08T12:00:00Z",
                            "acknowledged": ["users"],
                            "missing": ["user-pool", "transactions", "notifications", "analytics"],
                        }
                    ],
                    "planned": [{"user_id": _BO, "due_at": "2030-01-15T12:00:00Z"}],
                }
            ]
        }
    )

    items: list[OpenErasure]
    planned: list[PlannedErasure]


def represent_open(found: Sequence[Progress], planned: Sequence[Planned]) -> OpenErasures:
    """Open erasures as operators are shown them."""
    return OpenErasures(
        items=[
            OpenErasure(
                user_id=progress.user_id,
                erased_at=progress.erased_at,
                acknowledged=sorted(progress.acknowledged),
                missing=list(progress.missing),
            )
            for progress in found
        ],
        planned=[PlannedErasure(user_id=it.user_id, due_at=it.due_at) for it in planned],
    )
