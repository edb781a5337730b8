"""The service's tables (SQLAlchemy Core)."""

from sqlalchemy import Column, Index, Integer, MetaData, Table

from skillsync_kit.database import ID, UtcDateTime, key_text
from skillsync_kit.erasures import erased_users_table
from skillsync_kit.failed_messages import failed_messages_table
from skillsync_kit.outbox import outbox_table
from skillsync_kit.processed_messages import processed_messages_table

__all__ = ["erased_users", "mails", "metadata"]

metadata = MetaData()

# Intents and their fate: ids, states and times alone. Address, names and texts are fetched when a mail is written.
mails = Table(
    "mails",
    metadata,
    Column("id", ID, primary_key=True),
    Column("event_id", key_text(64), nullable=False),
    Column("recipient", ID, nullable=False),
    Column("template", key_text(32), nullable=False),
    Column("channel", key_text(16), nullable=False),
    Column("subject", key_text(64), nullable=False),
    Column("actor", ID),
    Column("status", key_text(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("claimed_until", UtcDateTime),
    Column("last_error", key_text(200)),
    Column("ses_message_id", key_text(128)),
    Column("traceparent", key_text(64)),
    Column("correlation_id", key_text(128)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    # One mail per event, recipient, template and channel, whatever was delivered how often.
    Index("mails_once", "event_id", "recipient", "template", "channel", unique=True),
    Index("mails_pending", "status", "claimed_until"),
    Index("mails_inbox", "recipient", "id"),
)

erased_users = erased_users_table(metadata)
outbox = outbox_table(metadata)
processed_messages = processed_messages_table(metadata)
failed_messages = failed_messages_table(metadata)
