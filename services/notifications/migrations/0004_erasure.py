"""Who was erased."""

from alembic import op

from skillsync_kit.erasures import create_erasures_table_v1

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand only: the code of the release before passes over the new table."""
    create_erasures_table_v1(op)
