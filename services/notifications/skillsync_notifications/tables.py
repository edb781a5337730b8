"""The service's tables (SQLAlchemy Core). None holds an address, a name or a text: they are fetched when needed."""

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, Table, text, true

from skillsync_kit.database import ID, LONG_TEXT, UtcDateTime, key_text
from skillsync_kit.erasures import erased_users_table
from skillsync_kit.failed_messages import failed_messages_table
from skillsync_kit.idempotency import idempotency_table
from skillsync_kit.outbox import outbox_table
from skillsync_kit.processed_messages import processed_messages_table

__all__ = [
    "erased_users",
    "mails",
    "metadata",
    "offerings",
    "preferences",
    "reminders",
    "schedules",
    "suppressions",
    "unsubscribe_tokens",
]

metadata = MetaData()

# What one person is told of one thing: a row that the inbox shows, and whose mail the sender brings to its fate.
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
    Column("in_inbox", Boolean, nullable=False, server_default=true()),
    Column("read_at", UtcDateTime),
    Column("version", Integer, nullable=False, server_default=text("1")),
    # One per event, recipient, template and channel, whatever was delivered how often.
    Index("mails_once", "event_id", "recipient", "template", "channel", unique=True),
    Index("mails_pending", "status", "claimed_until"),
    Index("mails_shown", "recipient", "in_inbox", "id"),
    Index("mails_unread", "recipient", "in_inbox", "read_at", "id"),
    Index("mails_ses", "ses_message_id"),
)

# A member's switches, topic by channel, as JSON; who never touched them has no row.
preferences = Table(
    "preferences",
    metadata,
    Column("user", ID, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("switches", LONG_TEXT, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

# Links in mails that are out: by digest, so that who reads this table can follow none.
unsubscribe_tokens = Table(
    "unsubscribe_tokens",
    metadata,
    Column("digest", key_text(64), primary_key=True),
    Column("user", ID, nullable=False),
    Column("topic", key_text(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    # How its reader was written to; null in rows of the release before.
    Column("locale", key_text(16)),
    Index("unsubscribe_tokens_user", "user"),
    Index("unsubscribe_tokens_age", "created_at"),
)

# Whose address takes no mail, by a digest of it under its owner's id.
suppressions = Table(
    "suppressions",
    metadata,
    Column("user", ID, primary_key=True),
    Column("digest", key_text(64), primary_key=True),
    Column("reason", key_text(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

# What is to be reminded of, until it is due; the key names the thing, its terms and the reminder's number.
reminders = Table(
    "reminders",
    metadata,
    Column("key", key_text(64), primary_key=True),
    Column("recipient", ID, primary_key=True),
    Column("template", key_text(32), primary_key=True),
    Column("subject", ID, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Index("reminders_due", "due_at"),
    Index("reminders_recipient", "recipient", "due_at"),
)

# Offerings as the newest event told of them; remind_at is empty when there is nothing to remind of.
offerings = Table(
    "offerings",
    metadata,
    Column("id", ID, primary_key=True),
    Column("owner", ID, nullable=False),
    Column("kind", key_text(8), nullable=False),
    Column("skill", key_text(64), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("remind_at", UtcDateTime),
    Index("offerings_remind", "remind_at"),
    Index("offerings_owner", "owner"),
)

# When somebody's weekly mail is to be looked at next; `week` is the last one it was made for.
schedules = Table(
    "schedules",
    metadata,
    Column("user", ID, primary_key=True),
    Column("template", key_text(32), primary_key=True),
    Column("due_at", UtcDateTime, nullable=False),
    Column("week", key_text(10)),
    Index("schedules_due", "due_at"),
)

erased_users = erased_users_table(metadata)
outbox = outbox_table(metadata)
processed_messages = processed_messages_table(metadata)
failed_messages = failed_messages_table(metadata)
idempotency_records = idempotency_table(metadata)
