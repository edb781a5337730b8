"""The first tables of notifications."""

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
        "mails",
        sa.Column("id", ID, primary_key=True),
        sa.Column("event_id", key_text(64), nullable=False),
        sa.Column("recipient", ID, nullable=False),
        sa.Column("template", key_text(32), nullable=False),
        sa.Column("channel", key_text(16), nullable=False),
        sa.Column("subject", key_text(64), nullable=False),
        sa.Column("actor", ID),
        sa.Column("status", key_text(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("claimed_until", UtcDateTime),
        sa.Column("last_error", key_text(200)),
        sa.Column("ses_message_id", key_text(128)),
        sa.Column("traceparent", key_text(64)),
        sa.Column("correlation_id", key_text(128)),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("sent_at", UtcDateTime),
        mysql_charset="utf8mb4",
    )
    op.create_index("mails_once", "mails", ["event_id", "recipient", "template", "channel"], unique=True)
    op.create_index("mails_pending", "mails", ["status", "claimed_until"])
    op.create_index("mails_inbox", "mails", ["recipient", "id"])
    create_messaging_tables_v1("outbox", "processed_messages")
