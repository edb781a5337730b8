"""A link in a mail knows in which language its reader was written to."""

import sqlalchemy as sa
from alembic import op

from skillsync_kit.database import key_text

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand only: the code of the release before writes links without it, whose pages are in English."""
    op.add_column("unsubscribe_tokens", sa.Column("locale", key_text(16)))
