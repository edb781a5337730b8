"""The SQL of the hand-written peer and of the floor: what the service's repositories ask for, written out."""

# ruff: noqa: S608 - what is put into a text is a name of a column or a placeholder, never a value

__all__ = [
    "CLAIM",
    "COPY_TO_PARTICIPANTS",
    "COUNT_OPEN",
    "EARLIER",
    "FIND",
    "FIND_COLUMNS",
    "INSERT_EVENT",
    "INSERT_HISTORY",
    "INSERT_LEDGER_ENTRY",
    "INSERT_PARTICIPANT",
    "INSERT_TEXTS",
    "INSERT_TRANSACTION",
    "KEEP_ANSWER",
    "OPEN_ACCOUNT",
    "PAGE",
    "SAVE",
    "SAVE_ACCOUNT",
    "lock_accounts",
    "unavailable_among",
]

CLAIM = (
    "INSERT INTO idempotency_records (principal, method, `key`, fingerprint, created_at) VALUES (%s, %s, %s, %s, %s)"
)
EARLIER = (
    "SELECT fingerprint, status, headers, body FROM idempotency_records"
    " WHERE principal = %s AND method = %s AND `key` = %s LOCK IN SHARE MODE"
)
KEEP_ANSWER = (
    "UPDATE idempotency_records SET status = %s, headers = %s, body = %s"
    " WHERE principal = %s AND method = %s AND `key` = %s"
)

FIND_COLUMNS = [
    "id",
    "author",
    "state",
    "version",
    "terms_rev",
    "settlement",
    "legs",
    "scheduled_for",
    "days_open",
    "expires_at",
    "finalizes_at",
    "due_at",
    "ended_by",
    "reverses_id",
    "acceptances",
    "confirmations",
    "revisions",
    "event_sequence",
    "created_at",
    "updated_at",
]
_VISIBLE_COLUMNS = (
    ", ".join(f"t.{name}" for name in FIND_COLUMNS) + ", x.title, x.note, x.names, x.reasons, r.id AS reversed_by"
)
_VISIBLE_FROM = (
    " FROM transaction_participants p"
    " JOIN transactions t ON t.id = p.transaction_id"
    " JOIN transaction_texts x ON x.transaction_id = p.transaction_id"
    " LEFT OUTER JOIN transactions r ON r.reverses_id = p.transaction_id"
)
FIND = (
    f"SELECT {_VISIBLE_COLUMNS}, (SELECT group_concat(o.user_id) FROM transaction_participants q"
    " JOIN people o ON o.user_id = q.user_id WHERE q.transaction_id = p.transaction_id AND o.status != 'active')"
    f" AS unavailable{_VISIBLE_FROM} WHERE p.user_id = %s AND p.transaction_id = %s"
)
PAGE = f"SELECT {_VISIBLE_COLUMNS}{_VISIBLE_FROM} WHERE p.user_id = %s ORDER BY p.transaction_id DESC LIMIT %s"
COUNT_OPEN = "SELECT count(*) FROM transactions WHERE author = %s AND state = 'proposed'"

INSERT_TRANSACTION = (
    "INSERT INTO transactions (id, author, state, version, terms_rev, settlement, legs, scheduled_for, days_open,"
    " expires_at, finalizes_at, due_at, ended_by, reverses_id, acceptances, confirmations, revisions, event_sequence,"
    " created_at, updated_at)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
SAVE = (
    "UPDATE transactions SET state = %s, version = %s, terms_rev = %s, settlement = %s, legs = %s, scheduled_for = %s,"
    " days_open = %s, expires_at = %s, finalizes_at = %s, due_at = %s, ended_by = %s, acceptances = %s,"
    " confirmations = %s, revisions = %s, event_sequence = %s, updated_at = %s WHERE id = %s AND version = %s"
)
INSERT_TEXTS = "INSERT INTO transaction_texts (transaction_id, title, note, names, reasons) VALUES (%s, %s, %s, %s, %s)"
INSERT_PARTICIPANT = (
    "INSERT INTO transaction_participants (user_id, transaction_id, is_author, state, updated_at)"
    " VALUES (%s, %s, %s, %s, %s)"
)
COPY_TO_PARTICIPANTS = "UPDATE transaction_participants SET state = %s, updated_at = %s WHERE transaction_id = %s"
INSERT_HISTORY = (
    "INSERT INTO transaction_history (transaction_id, number, actor, action, from_state, to_state, changed, at)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
)
INSERT_EVENT = (
    "INSERT INTO outbox (id, type, subject, sequence, payload, traceparent, created_at, attempts, received_at)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
SAVE_ACCOUNT = "UPDATE accounts SET balance = %s, held = %s, event_sequence = %s WHERE owner = %s"
OPEN_ACCOUNT = "INSERT IGNORE INTO accounts (owner, balance, held, floor, event_sequence) VALUES (%s, 0, 0, -600, 0)"
INSERT_LEDGER_ENTRY = (
    "INSERT INTO ledger_entries (id, account, transaction_id, leg, skill, counterparty, minutes, at)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
)


def lock_accounts(count: int) -> str:
    """Lock so many accounts, in the order of owner."""
    return (
        "SELECT owner, balance, held, floor, event_sequence FROM accounts"
        f" WHERE owner IN ({', '.join(['%s'] * count)}) ORDER BY owner FOR UPDATE"
    )


def unavailable_among(count: int) -> str:
    """Those of so many people who may not act."""
    places = ", ".join(["%s"] * count)
    return f"SELECT user_id FROM people WHERE user_id IN ({places}) AND status != 'active'"
