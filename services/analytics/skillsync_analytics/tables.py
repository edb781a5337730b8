"""The service's tables (SQLAlchemy Core)."""

from dataclasses import dataclass, fields

from sqlalchemy import Column, Index, Integer, MetaData, Table

from skillsync_kit.database import ID, UtcDateTime, key_text
from skillsync_kit.erasures import erased_users_table
from skillsync_kit.failed_messages import failed_messages_table
from skillsync_kit.processed_messages import processed_messages_table
from skillsync_kit.replays import rebuilt_table, replay_cursors_table, replays_table

__all__ = [
    "LIVE",
    "REBUILT",
    "Model",
    "erased_users",
    "member_exchanges",
    "metadata",
    "models",
    "replay_cursors",
    "replays",
]

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

# What became of each exchange that was proposed. An event may be the first that is heard of it, whichever it is.
exchanges = Table(
    "exchanges",
    metadata,
    Column("transaction_id", ID, primary_key=True),
    Column("sequence", Integer, nullable=False),
    Column("settlement", key_text(8), nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("last_event_at", UtcDateTime, nullable=False),
    Column("proposed_at", UtcDateTime),
    Column("accepted_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("ending", key_text(16)),
    # Of the proposal; null until it was heard of.
    Column("day", Integer),
    Column("week", Integer),
    Column("month", Integer),
    Column("accept_seconds", Integer),
    Column("finalize_seconds", Integer),
    # A measure reads one stretch of this index, and nothing else of the table.
    Index(
        "exchanges_proposed", "day", "week", "month", "ending", "accept_seconds", "finalize_seconds", "transaction_id"
    ),
    Index("exchanges_newest", "last_event_at"),
)

# Who takes part; a proposal fixes it.
participants = Table(
    "participants",
    metadata,
    Column("transaction_id", ID, primary_key=True),
    Column("user_id", ID, primary_key=True),
)

# Each participant's part in a finalized exchange, by the category of what was given. Rows are only ever added.
exchange_parts = Table(
    "exchange_parts",
    metadata,
    Column("transaction_id", ID, primary_key=True),
    Column("user_id", ID, primary_key=True),
    Column("category", key_text(64), primary_key=True),
    Column("minutes_given", Integer, nullable=False),
    Column("minutes_received", Integer, nullable=False),
    # Of the finalization.
    Column("day", Integer, nullable=False),
    Column("week", Integer, nullable=False),
    Column("month", Integer, nullable=False),
    Index(
        "exchange_parts_finalized",
        "day",
        "week",
        "month",
        "category",
        "transaction_id",
        "user_id",
        "minutes_given",
        "minutes_received",
    ),
)

# On which days each member did something. Rows are only ever added.
activity = Table(
    "activity",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("user_id", ID, primary_key=True),
    Column("week", Integer, nullable=False),
    Column("month", Integer, nullable=False),
)

# The newest event of a member wins.
members = Table(
    "members",
    metadata,
    Column("user_id", ID, primary_key=True),
    Column("status", key_text(16), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("last_event_at", UtcDateTime, nullable=False),
    # Of the sign-up; null until it was heard of.
    Column("joined_at", UtcDateTime),
    Column("day", Integer),
    Column("week", Integer),
    Column("month", Integer),
    Index("members_joined", "day", "week", "month", "status", "user_id"),
    Index("members_newest", "last_event_at"),
)

# The newest event of an offering wins.
offerings = Table(
    "offerings",
    metadata,
    Column("offering_id", ID, primary_key=True),
    Column("owner", ID, nullable=False),
    Column("kind", key_text(8), nullable=False),
    Column("skill", key_text(64), nullable=False),
    Column("status", key_text(16), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("last_event_at", UtcDateTime, nullable=False),
    Index("offerings_status", "status", "skill", "kind", "owner"),
    Index("offerings_newest", "last_event_at"),
)


@dataclass(frozen=True)
class Model:
    """The read model's tables: those that are read, or those in which a replay builds it anew."""

    member_exchanges: Table
    exchanges: Table
    participants: Table
    exchange_parts: Table
    activity: Table
    members: Table
    offerings: Table


LIVE = Model(member_exchanges, exchanges, participants, exchange_parts, activity, members, offerings)
REBUILT = Model(*(rebuilt_table(getattr(LIVE, field.name)) for field in fields(Model)))

erased_users = erased_users_table(metadata)
processed_messages = processed_messages_table(metadata)
failed_messages = failed_messages_table(metadata)
replays = replays_table(metadata)
replay_cursors = replay_cursors_table(metadata)


def models() -> dict[Table, Table]:
    """The rebuilt tables by the live ones."""
    return {getattr(LIVE, field.name): getattr(REBUILT, field.name) for field in fields(Model)}
