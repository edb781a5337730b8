"""The service's tables (SQLAlchemy Core)."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table
from sqlalchemy.dialects import mysql

from skillsync_kit.database import ID, UtcDateTime, key_text
from skillsync_kit.erasures import erased_users_table
from skillsync_kit.failed_messages import failed_messages_table
from skillsync_kit.idempotency import idempotency_table
from skillsync_kit.outbox import outbox_table
from skillsync_kit.processed_messages import processed_messages_table
from skillsync_kit.replays import rebuilt_table, replay_cursors_table, replays_table

__all__ = [
    "erased_users",
    "erasure_acknowledgements",
    "export_files",
    "exports",
    "metadata",
    "offerings",
    "outbox",
    "partners",
    "partners_rebuilt",
    "replay_cursors",
    "replays",
    "skill_proposals",
    "statistics",
    "statistics_rebuilt",
    "users",
]

metadata = MetaData()

users = Table(
    "users",
    metadata,
    Column("id", ID, primary_key=True),
    Column("email", key_text(254), nullable=False),
    # The address as two of them are compared, up to three times as long; unique among those that have one.
    Column("email_key", key_text(762)),
    Column("first_name", key_text(60), nullable=False),
    Column("last_name", key_text(60), nullable=False),
    Column("display_name", key_text(80), nullable=False),
    Column("about", key_text(2000), nullable=False),
    Column("locale", key_text(16), nullable=False),
    Column("time_zone", key_text(64), nullable=False),
    Column("status", key_text(16), nullable=False),
    # Names and `about` as searches compare them; the same on every database.
    Column("search_text", key_text(3000), nullable=False),
    Column("version", Integer, nullable=False),
    Column("event_sequence", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    # Nullable, so that the release before may add people beside this one.
    Column("status_by", ID),
    Column("status_reason", key_text(500)),
    Column("status_at", UtcDateTime),
    Column("erasure_due_at", UtcDateTime),
    Index("users_email", "email_key", unique=True),
    Index("users_status", "status", "id"),
    Index("users_erasure", "erasure_due_at", "id"),
)

offerings = Table(
    "offerings",
    metadata,
    Column("id", ID, primary_key=True),
    Column("user_id", ID, ForeignKey("users.id"), nullable=False),
    Column("kind", key_text(8), nullable=False),
    Column("skill", key_text(64), nullable=False),
    Column("text", key_text(1000), nullable=False),
    Column("modality", key_text(16), nullable=False),
    Column("status", key_text(16), nullable=False),
    # User, kind and skill while the offering is active, else null: one active offering of each.
    Column("active_key", key_text(128)),
    Column("search_text", key_text(2000), nullable=False),
    Column("version", Integer, nullable=False),
    Column("event_sequence", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    # Null in rows that the release before wrote: such an offering does not end by itself.
    Column("expires_at", UtcDateTime),
    Index("offerings_active", "active_key", unique=True),
    Index("offerings_user", "user_id", "id"),
    # What the sweeper looks for.
    Index("offerings_due", "status", "expires_at", "id"),
    # A list's filters side by side in the list's order: of offerings by id …
    Index("offerings_status", "status", "id"),
    Index("offerings_status_kind", "status", "kind", "id"),
    Index("offerings_status_skill", "status", "skill", "id"),
    Index("offerings_skill", "skill", "kind", "status", "id"),
    # … and of their owners.
    Index("offerings_owners", "status", "user_id"),
    Index("offerings_owners_kind", "status", "kind", "user_id"),
    Index("offerings_owners_skill", "status", "skill", "user_id"),
    Index("offerings_owners_skill_kind", "status", "skill", "kind", "user_id"),
)

skill_proposals = Table(
    "skill_proposals",
    metadata,
    Column("id", ID, primary_key=True),
    # Null once a decided one's author was erased.
    Column("author", ID),
    Column("slug", key_text(64), nullable=False),
    # The slug while it is open or approved, else null: nobody proposes it again.
    Column("live_slug", key_text(64)),
    Column("category", key_text(64), nullable=False),
    Column("name", key_text(60), nullable=False),
    Column("status", key_text(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("decided_at", UtcDateTime),
    Column("decided_by", ID),
    Index("skill_proposals_live", "live_slug", unique=True),
    Index("skill_proposals_status", "status", "id"),
    Index("skill_proposals_author", "author", "id"),
    Index("skill_proposals_author_status", "author", "status", "id"),
)

# What people have asked to be given of what is kept about them.
exports = Table(
    "exports",
    metadata,
    Column("id", ID, primary_key=True),
    Column("user_id", ID, nullable=False),
    # The user while it is being made, else null: one at a time for each.
    Column("open_key", ID),
    Column("state", key_text(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    # By the real clock, while it is being made: when it is tried next.
    Column("try_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    # Once it is made or given up: when its file goes, and after that the row.
    Column("ends_at", UtcDateTime),
    Column("content_bytes", Integer),
    Column("file_bytes", Integer),
    Column("problem", key_text(16)),
    Index("exports_open", "open_key", unique=True),
    Index("exports_user", "user_id", "id"),
    Index("exports_due", "try_at", "id"),
    Index("exports_ended", "ends_at", "id"),
)

# Apart, so that nobody who reads a row of the above reads megabytes.
export_files = Table(
    "export_files",
    metadata,
    Column("export_id", ID, ForeignKey("exports.id", ondelete="CASCADE"), primary_key=True),
    Column("content", LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb"), nullable=False),
)

# A read model: sums over the finalized exchanges this service has heard of. `as_of` is the newest one's time.
statistics = Table(
    "user_statistics",
    metadata,
    Column("user_id", ID, primary_key=True),
    Column("finalized", Integer, nullable=False),
    Column("minutes_given", Integer, nullable=False),
    Column("minutes_received", Integer, nullable=False),
    Column("as_of", UtcDateTime, nullable=False),
)

# With whom each member has exchanged: one row for each pair and direction.
partners = Table(
    "user_partners",
    metadata,
    Column("user_id", ID, primary_key=True),
    Column("partner_id", ID, primary_key=True),
)

# Where a replay builds the read model anew.
statistics_rebuilt = rebuilt_table(statistics)
partners_rebuilt = rebuilt_table(partners)

erased_users = erased_users_table(metadata)

# Who has done their part of an erasure: a service by its name, or the user pool.
erasure_acknowledgements = Table(
    "erasure_acknowledgements",
    metadata,
    Column("user_id", ID, primary_key=True),
    Column("service", key_text(32), primary_key=True),
    Column("acknowledged_at", UtcDateTime, nullable=False),
)

outbox = outbox_table(metadata)
processed_messages = processed_messages_table(metadata)
failed_messages = failed_messages_table(metadata)
replays = replays_table(metadata)
replay_cursors = replay_cursors_table(metadata)
idempotency_records = idempotency_table(metadata)
