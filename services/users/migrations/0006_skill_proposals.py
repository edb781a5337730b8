"""Skills that members propose, and what coordinators decided of them."""

import sqlalchemy as sa
from alembic import op

from skillsync_kit.database import ID, UtcDateTime, key_text

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand only: the release before does not know the table."""
    op.create_table(
        "skill_proposals",
        sa.Column("id", ID, primary_key=True),
        sa.Column("author", ID),
        sa.Column("slug", key_text(64), nullable=False),
        sa.Column("live_slug", key_text(64)),
        sa.Column("category", key_text(64), nullable=False),
        sa.Column("name", key_text(60), nullable=False),
        sa.Column("status", key_text(16), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("decided_at", UtcDateTime),
        sa.Column("decided_by", ID),
        mysql_charset="utf8mb4",
    )
    op.create_index("skill_proposals_live", "skill_proposals", ["live_slug"], unique=True)
    op.create_index("skill_proposals_status", "skill_proposals", ["status", "id"])
    op.create_index("skill_proposals_author", "skill_proposals", ["author", "id"])
    op.create_index("skill_proposals_author_status", "skill_proposals", ["author", "status", "id"])
