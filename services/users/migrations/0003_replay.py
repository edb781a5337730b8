"""Tables in which the read model of statistics is built anew."""

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
        "user_statistics_rebuilt",
        sa.Column("user_id", ID, primary_key=True),
        sa.Column("finalized", sa.Integer, nullable=False),
        sa.Column("minutes_given", sa.Integer, nullable=False),
        sa.Column("minutes_received", sa.Integer, nullable=False),
        sa.Column("as_of", UtcDateTime, nullable=False),
        mysql_charset="utf8mb4",
    )
    op.create_table(
        "user_partners_rebuilt",
        sa.Column("user_id", ID, primary_key=True),
        sa.Column("partner_id", ID, primary_key=True),
        mysql_charset="utf8mb4",
    )
    create_replay_tables_v1(op, "users")
