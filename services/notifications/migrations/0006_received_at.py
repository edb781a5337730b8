"""When the request or message that caused an event came in."""

from alembic import op

from skillsync_kit.outbox import add_received_at_v1

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand only: the code of the release before leaves the new column empty."""
    add_received_at_v1(op)
