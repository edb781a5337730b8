"""What people have asked to be given of what is kept about them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from skillsync_kit.database import ID, UtcDateTime, key_text

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand only: the release before does not know the tables."""
    op.create_table(
        "exports",
        sa.Column("id", ID, primary_key=True),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("open_key", ID),
        sa.Column("state", key_text(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("try_at", UtcDateTime),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("finished_at", UtcDateTime),
        sa.Column("ends_at", UtcDateTime),
        sa.Column("content_bytes", sa.Integer),
        sa.Column("file_bytes", sa.Integer),
        sa.Column("problem", key_text(16)),
        mysql_charset="utf8mb4",
    )
    op.create_index("exports_open", "exports", ["open_key"], unique=True)
    op.create_index("exports_user", "exports", ["user_id", "id"])
    op.create_index("exports_due", "exports", ["try_at", "id"])
    op.create_index("exports_ended", "exports", ["ends_at", "id"])
    op.create_table(
        "export_files",
        sa.Column("export_id", ID, sa.ForeignKey("exports.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("content", sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb"), nullable=False),
        mysql_charset="utf8mb4",
    )
