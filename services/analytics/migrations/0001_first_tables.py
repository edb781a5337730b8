"""The first tables of analytics."""

import sqlalchemy as sa
from alembic import op

from skillsync_kit.database import ID, UtcDateTime
from skillsync_kit.migrations import create_messaging_tables_v1

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand only: the code of the release before must run on the new schema too."""
    op.create_table(
        "member_exchanges",
        sa.Column("user_id", ID, primary_key=True),
        sa.Column("transaction_id", ID, primary_key=True),
        sa.Column("minutes_given", sa.Integer, nullable=False),
        sa.Column("minutes_received", sa.Integer, nullable=False),
        sa.Column("finalized_at", UtcDateTime, nullable=False),
        mysql_charset="utf8mb4",
    )
    op.create_index("member_exchanges_transaction", "member_exchanges", ["transaction_id"])
    op.create_index("member_exchanges_newest", "member_exchanges", ["finalized_at"])
    create_messaging_tables_v1("processed_messages")
