"""The inbox's read state, preferences, unsubscribe links, suppressions, reminders and weekly schedules."""

import sqlalchemy as sa
from alembic import op

from skillsync_kit.database import ID, LONG_TEXT, UtcDateTime, key_text
from skillsync_kit.migrations import create_messaging_tables_v1

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand only: the code of the release before writes mails without the new columns, and they show in the inbox."""
    op.add_column("mails", sa.Column("in_inbox", sa.Boolean, nullable=False, server_default=sa.true()))
    op.add_column("mails", sa.Column("read_at", UtcDateTime))
    op.add_column("mails", sa.Column("version", sa.Integer, nullable=False, server_default=sa.text("1")))
    # What was told before there was a read state counts as read; and the channel has the name that preferences use.
    op.execute("UPDATE mails SET read_at = created_at, channel = 'mail'")
    op.create_index("mails_shown", "mails", ["recipient", "in_inbox", "id"])
    op.create_index("mails_unread", "mails", ["recipient", "in_inbox", "read_at", "id"])
    op.create_index("mails_ses", "mails", ["ses_message_id"])
    op.drop_index("mails_inbox", "mails")
    _settings_of_people()
    _plans()
    create_messaging_tables_v1("idempotency_records")


def _settings_of_people() -> None:
    op.create_table(
        "preferences",
        sa.Column("user", ID, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("switches", LONG_TEXT, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        mysql_charset="utf8mb4",
    )
    op.create_table(
        "unsubscribe_tokens",
        sa.Column("digest", key_text(64), primary_key=True),
        sa.Column("user", ID, nullable=False),
        sa.Column("topic", key_text(16), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        mysql_charset="utf8mb4",
    )
    op.create_index("unsubscribe_tokens_user", "unsubscribe_tokens", ["user"])
    op.create_index("unsubscribe_tokens_age", "unsubscribe_tokens", ["created_at"])
    op.create_table(
        "suppressions",
        sa.Column("user", ID, primary_key=True),
        sa.Column("digest", key_text(64), primary_key=True),
        sa.Column("reason", key_text(16), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        mysql_charset="utf8mb4",
    )


def _plans() -> None:
    op.create_table(
        "reminders",
        sa.Column("key", key_text(64), primary_key=True),
        sa.Column("recipient", ID, primary_key=True),
        sa.Column("template", key_text(32), primary_key=True),
        sa.Column("subject", ID, nullable=False),
        sa.Column("due_at", UtcDateTime, nullable=False),
        mysql_charset="utf8mb4",
    )
    op.create_index("reminders_due", "reminders", ["due_at"])
    op.create_index("reminders_recipient", "reminders", ["recipient", "due_at"])
    op.create_table(
        "offerings",
        sa.Column("id", ID, primary_key=True),
        sa.Column("owner", ID, nullable=False),
        sa.Column("kind", key_text(8), nullable=False),
        sa.Column("skill", key_text(64), nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("expires_at", UtcDateTime),
        sa.Column("remind_at", UtcDateTime),
        mysql_charset="utf8mb4",
    )
    op.create_index("offerings_remind", "offerings", ["remind_at"])
    op.create_index("offerings_owner", "offerings", ["owner"])
    op.create_table(
        "schedules",
        sa.Column("user", ID, primary_key=True),
        sa.Column("template", key_text(32), primary_key=True),
        sa.Column("due_at", UtcDateTime, nullable=False),
        sa.Column("week", key_text(10)),
        mysql_charset="utf8mb4",
    )
    op.create_index("schedules_due", "schedules", ["due_at"])
    # Whoever was welcomed is a member, and has a week from now on.
    op.execute(
        "INSERT INTO schedules (user, template, due_at, week) SELECT recipient, 'weekly-digest', MIN(created_at), NULL "
        "FROM mails WHERE template = 'welcome' GROUP BY recipient"
    )
