"""The first tables of users."""

import sqlalchemy as sa
from alembic import op

from skillsync_kit.database import ID, UtcDateTime, key_text
from skillsync_kit.migrations import create_messaging_tables_v1

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand only: the code of the release before must run on the new schema too."""
    op.create_table(
        "users",
        sa.Column("id", ID, primary_key=True),
        sa.Column("email", key_text(254), nullable=False),
        sa.Column("email_key", key_text(762)),
        sa.Column("first_name", key_text(60), nullable=False),
        sa.Column("last_name", key_text(60), nullable=False),
        sa.Column("display_name", key_text(80), nullable=False),
        sa.Column("about", key_text(2000), nullable=False),
        sa.Column("locale", key_text(16), nullable=False),
        sa.Column("time_zone", key_text(64), nullable=False),
        sa.Column("status", key_text(16), nullable=False),
        sa.Column("search_text", key_text(3000), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("event_sequence", sa.Integer, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        mysql_charset="utf8mb4",
    )
    op.create_index("users_email", "users", ["email_key"], unique=True)
    op.create_table(
        "offerings",
        sa.Column("id", ID, primary_key=True),
        sa.Column("user_id", ID, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("kind", key_text(8), nullable=False),
        sa.Column("skill", key_text(64), nullable=False),
        sa.Column("text", key_text(1000), nullable=False),
        sa.Column("modality", key_text(16), nullable=False),
        sa.Column("status", key_text(16), nullable=False),
        sa.Column("active_key", key_text(128)),
        sa.Column("search_text", key_text(2000), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("event_sequence", sa.Integer, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        mysql_charset="utf8mb4",
    )
    op.create_index("offerings_active", "offerings", ["active_key"], unique=True)
    op.create_index("offerings_skill", "offerings", ["skill", "kind", "status", "id"])
    op.create_index("offerings_user", "offerings", ["user_id", "id"])
    op.create_table(
        "user_statistics",
        sa.Column("user_id", ID, primary_key=True),
        sa.Column("finalized", sa.Integer, nullable=False),
        sa.Column("minutes_given", sa.Integer, nullable=False),
        sa.Column("minutes_received", sa.Integer, nullable=False),
        sa.Column("as_of", UtcDateTime, nullable=False),
        mysql_charset="utf8mb4",
    )
    op.create_table(
        "user_partners",
        sa.Column("user_id", ID, primary_key=True),
        sa.Column("partner_id", ID, primary_key=True),
        mysql_charset="utf8mb4",
    )
    create_messaging_tables_v1("outbox", "processed_messages", "idempotency_records")
