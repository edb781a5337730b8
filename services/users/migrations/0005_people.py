"""What coordinators decide about people, and that people may go."""

import sqlalchemy as sa
from alembic import op

from skillsync_kit.database import ID, UtcDateTime, key_text
from skillsync_kit.erasures import create_erasures_table_v1

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand only: the code of the release before must run on the new schema too."""
    op.add_column("users", sa.Column("status_by", ID))
    op.add_column("users", sa.Column("status_reason", key_text(500)))
    op.add_column("users", sa.Column("status_at", UtcDateTime))
    op.add_column("users", sa.Column("erasure_due_at", UtcDateTime))
    op.create_index("users_erasure", "users", ["erasure_due_at", "id"])
    create_erasures_table_v1(op)
    op.create_table(
        "erasure_acknowledgements",
        sa.Column("user_id", ID, primary_key=True),
        sa.Column("service", key_text(32), primary_key=True),
        sa.Column("acknowledged_at", UtcDateTime, nullable=False),
        mysql_charset="utf8mb4",
    )
