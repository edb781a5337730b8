"""What coordinators' measures are read from, and the tables in which it is built anew."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from skillsync_kit.database import ID, UtcDateTime, key_text

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand only: the code of the release before passes over the new tables."""
    for name, columns in _tables().items():
        op.create_table(name, *columns, mysql_charset="utf8mb4")
    for name, columns in _tables().items():
        op.create_table(f"{name}_rebuilt", *columns, mysql_charset="utf8mb4")
    for name, table, indexed in _INDEXES:
        op.create_index(name, table, indexed)


def _tables() -> dict[str, list[sa.Column[Any]]]:
    return {
        "exchanges": [
            sa.Column("transaction_id", ID, primary_key=True),
            sa.Column("sequence", sa.Integer, nullable=False),
            sa.Column("settlement", key_text(8), nullable=False),
            sa.Column("minutes", sa.Integer, nullable=False),
            sa.Column("last_event_at", UtcDateTime, nullable=False),
            sa.Column("proposed_at", UtcDateTime),
            sa.Column("accepted_at", UtcDateTime),
            sa.Column("ended_at", UtcDateTime),
            sa.Column("ending", key_text(16)),
            *_periods(nullable=True),
            sa.Column("accept_seconds", sa.Integer),
            sa.Column("finalize_seconds", sa.Integer),
        ],
        "participants": [
            sa.Column("transaction_id", ID, primary_key=True),
            sa.Column("user_id", ID, primary_key=True),
        ],
        "exchange_parts": [
            sa.Column("transaction_id", ID, primary_key=True),
            sa.Column("user_id", ID, primary_key=True),
            sa.Column("category", key_text(64), primary_key=True),
            sa.Column("minutes_given", sa.Integer, nullable=False),
            sa.Column("minutes_received", sa.Integer, nullable=False),
            *_periods(nullable=False),
        ],
        "activity": [
            sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("user_id", ID, primary_key=True),
            *_periods(nullable=False)[1:],
        ],
        "members": [
            sa.Column("user_id", ID, primary_key=True),
            sa.Column("status", key_text(16), nullable=False),
            sa.Column("sequence", sa.Integer, nullable=False),
            sa.Column("last_event_at", UtcDateTime, nullable=False),
            sa.Column("joined_at", UtcDateTime),
            *_periods(nullable=True),
        ],
        "offerings": [
            sa.Column("offering_id", ID, primary_key=True),
            sa.Column("owner", ID, nullable=False),
            sa.Column("kind", key_text(8), nullable=False),
            sa.Column("skill", key_text(64), nullable=False),
            sa.Column("status", key_text(16), nullable=False),
            sa.Column("sequence", sa.Integer, nullable=False),
            sa.Column("last_event_at", UtcDateTime, nullable=False),
        ],
    }


def _periods(*, nullable: bool) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Integer, nullable=nullable) for name in ("day", "week", "month")]


_INDEXES = (
    (
        "exchanges_proposed",
        "exchanges",
        ["day", "week", "month", "ending", "accept_seconds", "finalize_seconds", "transaction_id"],
    ),
    ("exchanges_newest", "exchanges", ["last_event_at"]),
    (
        "exchange_parts_finalized",
        "exchange_parts",
        ["day", "week", "month", "category", "transaction_id", "user_id", "minutes_given", "minutes_received"],
    ),
    ("members_joined", "members", ["day", "week", "month", "status", "user_id"]),
    ("members_newest", "members", ["last_event_at"]),
    ("offerings_status", "offerings", ["status", "skill", "kind", "owner"]),
    ("offerings_newest", "offerings", ["last_event_at"]),
)
