"""The service's tables (SQLAlchemy Core)."""

from sqlalchemy import Column, Index, Integer, MetaData, Table

from skillsync_kit.database import ID, UtcDateTime
from skillsync_kit.erasures import erased_users_table
from skillsync_kit.failed_messages import failed_messages_table
from skillsync_kit.processed_messages import processed_messages_table
from skillsync_kit.replays import rebuilt_table, replay_cursors_table, replays_table

__all__ = ["erased_users", "member_exchanges", "member_exchanges_rebuilt", "metadata", "replay_cursors", "replays"]

metadata = MetaData()

# One row for each participant of each finalized exchange. Rows are only ever added, and every measure is a sum over
# them: so neither the order of the events nor how often each came can show in a figure.
member_exchanges = Table(
    "member_exchanges",
    metadata,
    Column("user_id", ID, primary_key=True),
    Column("transaction_id", ID, primary_key=True),
    Column("minutes_given", Integer, nullable=False),
    Column("minutes_received", Integer, nullable=False),
    Column("finalized_at", UtcDateTime, nullable=False),
    Index("member_exchanges_transaction", "transaction_id"),
    Index("member_exchanges_newest", "finalized_at"),
)

# Where a replay builds the model anew.
member_exchanges_rebuilt = rebuilt_table(member_exchanges)

erased_users = erased_users_table(metadata)
processed_messages = processed_messages_table(metadata)
failed_messages = failed_messages_table(metadata)
replays = replays_table(metadata)
replay_cursors = replay_cursors_table(metadata)
