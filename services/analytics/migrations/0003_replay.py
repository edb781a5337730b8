"""Tables in which the read model is built anew."""

import sqlalchemy as sa
from alembic import op

from skillsync_kit.database import ID, UtcDateTime
from skillsync_kit.replays import create_replay_tables_v1

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand only: the code of the release before must run on the new schema too."""
    op.create_table(
        "member_exchanges_rebuilt",
        sa.Column("user_id", ID, primary_key=True),
        sa.Column("transaction_id", ID, primary_key=True),
        sa.Column("minutes_given", sa.Integer, nullable=False),
        sa.Column("minutes_received", sa.Integer, nullable=False),
        sa.Column("finalized_at", UtcDateTime, nullable=False),
        mysql_charset="utf8mb4",
    )
    create_replay_tables_v1(op, "analytics")
