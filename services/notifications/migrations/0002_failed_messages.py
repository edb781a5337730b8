"""Why messages failed, for whoever finds one in the dead-letter queue."""

from skillsync_kit.migrations import create_messaging_tables_v1

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand only: the code of the release before passes over the new table."""
    create_messaging_tables_v1("failed_messages")
