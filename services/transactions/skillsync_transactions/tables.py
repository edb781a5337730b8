"""The service's tables (SQLAlchemy Core)."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, MetaData, Table

from skillsync_kit.database import ID, UtcDateTime, key_text
from skillsync_kit.erasures import erased_users_table
from skillsync_kit.failed_messages import failed_messages_table
from skillsync_kit.idempotency import idempotency_table
from skillsync_kit.outbox import outbox_table
from skillsync_kit.processed_messages import processed_messages_table

__all__ = ["accounts", "entries", "history", "metadata", "participants", "people", "texts", "transactions"]

metadata = MetaData()

transactions = Table(
    "transactions",
    metadata,
    Column("id", ID, primary_key=True),
    Column("author", ID, nullable=False),
    Column("state", key_text(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("terms_rev", Integer, nullable=False),
    Column("settlement", key_text(8), nullable=False),
    Column("legs", JSON, nullable=False),
    Column("scheduled_for", UtcDateTime),
    Column("days_open", Integer, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("finalizes_at", UtcDateTime),
    # Whichever of the two is set: what the sweeper looks for.
    Column("due_at", UtcDateTime),
    Column("ended_by", ID),
    Column("reverses_id", ID),
    Column("acceptances", JSON, nullable=False),
    Column("confirmations", JSON, nullable=False),
    Column("revisions", JSON, nullable=False),
    Column("event_sequence", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index("transactions_author_state", "author", "state"),
    Index("transactions_due", "due_at", "id"),
    # A transaction is reversed once.
    Index("transactions_reverses", "reverses_id", unique=True),
)

# What people wrote, apart from the row, so that an erasure can empty it and leave the numbers whole.
texts = Table(
    "transaction_texts",
    metadata,
    Column("transaction_id", ID, ForeignKey("transactions.id", ondelete="CASCADE"), primary_key=True),
    Column("title", key_text(120), nullable=False),
    Column("note", key_text(2000), nullable=False),
    Column("names", JSON, nullable=False),
    Column("reasons", JSON, nullable=False),
)

# Who may see a transaction: its author from the draft on, the others from the proposal on. Nobody else ever has a row.
# What a list is filtered and ordered by is copied here at each change, so that a page reads one index from its middle.
participants = Table(
    "transaction_participants",
    metadata,
    Column("user_id", ID, primary_key=True),
    Column("transaction_id", ID, ForeignKey("transactions.id", ondelete="CASCADE"), primary_key=True),
    Column("is_author", Boolean, nullable=False),
    Column("state", key_text(16), nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index("participants_transaction", "transaction_id"),
    # For each combination of filters, by id and by last change, the index where a page lies in one piece. Without
    # filters the primary key is that. Names and order are what repository/visible.py asks for.
    Index("participants_state", "user_id", "state", "transaction_id"),
    Index("participants_role", "user_id", "is_author", "transaction_id"),
    Index("participants_state_role", "user_id", "state", "is_author", "transaction_id"),
    Index("participants_updated", "user_id", "updated_at", "transaction_id"),
    Index("participants_state_updated", "user_id", "state", "updated_at", "transaction_id"),
    Index("participants_role_updated", "user_id", "is_author", "updated_at", "transaction_id"),
    Index("participants_state_role_updated", "user_id", "state", "is_author", "updated_at", "transaction_id"),
)

history = Table(
    "transaction_history",
    metadata,
    Column("transaction_id", ID, ForeignKey("transactions.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    # Nobody, when time did it.
    Column("actor", ID),
    Column("action", key_text(16), nullable=False),
    Column("from_state", key_text(16)),
    Column("to_state", key_text(16), nullable=False),
    Column("changed", JSON, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# A member's hours, in minutes. `held` is what accepted transactions will take; balance less held never goes under the
# floor.
accounts = Table(
    "accounts",
    metadata,
    Column("owner", ID, primary_key=True),
    Column("balance", Integer, nullable=False),
    Column("held", Integer, nullable=False),
    Column("floor", Integer, nullable=False),
    Column("event_sequence", Integer, nullable=False),
)

# Double entry: two for each leg of a finalized transaction, which sum to zero. Written once and never changed.
entries = Table(
    "ledger_entries",
    metadata,
    Column("id", ID, primary_key=True),
    Column("account", ID, nullable=False),
    Column("transaction_id", ID, ForeignKey("transactions.id"), nullable=False),
    Column("leg", key_text(16), nullable=False),
    Column("skill", key_text(64), nullable=False),
    Column("counterparty", ID, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ledger_entries_account", "account", "id"),
    # No leg is posted twice, whatever else should fail.
    Index("ledger_entries_once", "transaction_id", "leg", "account", unique=True),
)

# A replica of what transactions must know of users, fed by events: newest wins.
people = Table(
    "people",
    metadata,
    Column("user_id", ID, primary_key=True),
    Column("status", key_text(16), nullable=False),
    Column("sequence", Integer, nullable=False),
)

erased_users = erased_users_table(metadata)
outbox = outbox_table(metadata)
processed_messages = processed_messages_table(metadata)
failed_messages = failed_messages_table(metadata)
idempotency_records = idempotency_table(metadata)
