"""Messages that failed, with the reason."""

import sqlalchemy as sa
from alembic import op

from skillsync_kit.database import UtcDateTime, key_text

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand only: the code of the release before must run on the new schema too."""
    op.create_table(
        "failed_messages",
        sa.Column("consumer", key_text(64), primary_key=True),
        sa.Column("message_id", key_text(128), primary_key=True),
        sa.Column("event_id", key_text(64)),
        sa.Column("type", key_text(128)),
        sa.Column("traceparent", key_text(64)),
        sa.Column("reason", key_text(500), nullable=False),
        sa.Column("receives", sa.Integer, nullable=False),
        sa.Column("failed_at", UtcDateTime, nullable=False),
        mysql_charset="utf8mb4",
    )
