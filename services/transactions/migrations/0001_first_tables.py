"""The first tables of transactions."""

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
        "transactions",
        sa.Column("id", ID, primary_key=True),
        sa.Column("author", ID, nullable=False),
        sa.Column("state", key_text(16), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("terms_rev", sa.Integer, nullable=False),
        sa.Column("settlement", key_text(8), nullable=False),
        sa.Column("legs", sa.JSON, nullable=False),
        sa.Column("scheduled_for", UtcDateTime),
        sa.Column("days_open", sa.Integer, nullable=False),
        sa.Column("expires_at", UtcDateTime),
        sa.Column("finalizes_at", UtcDateTime),
        sa.Column("due_at", UtcDateTime),
        sa.Column("ended_by", ID),
        sa.Column("reverses_id", ID),
        sa.Column("acceptances", sa.JSON, nullable=False),
        sa.Column("confirmations", sa.JSON, nullable=False),
        sa.Column("revisions", sa.JSON, nullable=False),
        sa.Column("event_sequence", sa.Integer, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        mysql_charset="utf8mb4",
    )
    op.create_index("transactions_author_state", "transactions", ["author", "state"])
    op.create_index("transactions_due", "transactions", ["due_at", "id"])
    op.create_index("transactions_reverses", "transactions", ["reverses_id"], unique=True)
    op.create_table(
        "transaction_texts",
        sa.Column("transaction_id", ID, sa.ForeignKey("transactions.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("title", key_text(120), nullable=False),
        sa.Column("note", key_text(2000), nullable=False),
        sa.Column("names", sa.JSON, nullable=False),
        sa.Column("reasons", sa.JSON, nullable=False),
        mysql_charset="utf8mb4",
    )
    op.create_table(
        "transaction_participants",
        sa.Column("user_id", ID, primary_key=True),
        sa.Column("transaction_id", ID, sa.ForeignKey("transactions.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("is_author", sa.Boolean, nullable=False),
        sa.Column("state", key_text(16), nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        mysql_charset="utf8mb4",
    )
    op.create_index("participants_transaction", "transaction_participants", ["transaction_id"])
    for filters in ([], ["state"], ["is_author"], ["state", "is_author"]):
        for order in ([], ["updated_at"]):
            if name := "_".join([*filters, *order]).replace("is_author", "role").replace("updated_at", "updated"):
                columns = ["user_id", *filters, *order, "transaction_id"]
                op.create_index(f"participants_{name}", "transaction_participants", columns)
    op.create_table(
        "transaction_history",
        sa.Column("transaction_id", ID, sa.ForeignKey("transactions.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("actor", ID),
        sa.Column("action", key_text(16), nullable=False),
        sa.Column("from_state", key_text(16)),
        sa.Column("to_state", key_text(16), nullable=False),
        sa.Column("changed", sa.JSON, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        mysql_charset="utf8mb4",
    )
    op.create_table(
        "accounts",
        sa.Column("owner", ID, primary_key=True),
        sa.Column("balance", sa.Integer, nullable=False),
        sa.Column("held", sa.Integer, nullable=False),
        sa.Column("floor", sa.Integer, nullable=False),
        sa.Column("event_sequence", sa.Integer, nullable=False),
        mysql_charset="utf8mb4",
    )
    op.create_table(
        "ledger_entries",
        sa.Column("id", ID, primary_key=True),
        sa.Column("account", ID, nullable=False),
        sa.Column("transaction_id", ID, sa.ForeignKey("transactions.id"), nullable=False),
        sa.Column("leg", key_text(16), nullable=False),
        sa.Column("skill", key_text(64), nullable=False),
        sa.Column("counterparty", ID, nullable=False),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        mysql_charset="utf8mb4",
    )
    op.create_index("ledger_entries_account", "ledger_entries", ["account", "id"])
    op.create_index("ledger_entries_once", "ledger_entries", ["transaction_id", "leg", "account"], unique=True)
    op.create_table(
        "people",
        sa.Column("user_id", ID, primary_key=True),
        sa.Column("status", key_text(16), nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        mysql_charset="utf8mb4",
    )
    create_messaging_tables_v1("outbox", "processed_messages", "idempotency_records")
