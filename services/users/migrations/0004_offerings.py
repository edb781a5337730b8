"""Offerings end at a time of their own; each list of them, and of their owners, has its index."""

import sqlalchemy as sa
from alembic import op

from skillsync_kit.database import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_INDEXES = {
    "offerings_due": ["status", "expires_at", "id"],
    "offerings_status": ["status", "id"],
    "offerings_status_kind": ["status", "kind", "id"],
    "offerings_status_skill": ["status", "skill", "id"],
    "offerings_owners": ["status", "user_id"],
    "offerings_owners_kind": ["status", "kind", "user_id"],
    "offerings_owners_skill": ["status", "skill", "user_id"],
    "offerings_owners_skill_kind": ["status", "skill", "kind", "user_id"],
}


def upgrade() -> None:
    """Expand only: the code of the release before writes offerings without an end, which do not end by themselves."""
    op.add_column("offerings", sa.Column("expires_at", UtcDateTime))
    for name, columns in _INDEXES.items():
        op.create_index(name, "offerings", columns)
    op.create_index("users_status", "users", ["status", "id"])
