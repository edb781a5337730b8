"""Tables with many rows, made inside MariaDB in seconds: one INSERT … SELECT for each, from a sequence of numbers.

Every tenth transaction, or more, is `HEAVY`'s; the others belong to a crowd of members with twenty or so each. Those of
`HEAVY` stand in blocks: one for each state and role, one after another by id and by their last change. Whoever looks
for one block by an index that does not lead to it must read through others. All that is due is due at one moment.
"""

from collections.abc import Iterable

from skillsync_testing.mariadb import MariaDB

__all__ = ["BLOCKS", "FIRST_CHANGE", "HEAVY", "fill"]

HEAVY = "a0000000-0000-4000-8000-000000000000"
"""Who has more transactions than anybody."""

FIRST_CHANGE = "2029-01-01T00:00:00Z"
"""When the first of them was changed last; a thousand at a time share a moment."""

BLOCKS = (
    ("finalized", "author"),
    ("draft", "author"),
    ("accepted", "participant"),
    ("declined", "author"),
    ("finalized", "participant"),
    ("cancelled", "author"),
    ("proposed", "participant"),
    ("expired", "author"),
    ("cancelled", "participant"),
    ("declined", "participant"),
    ("accepted", "author"),
    ("expired", "participant"),
)
"""State and role, in order. Nobody takes part in another's draft, and nobody has more than 20 open proposals."""

_STATES = ("draft", "proposed", "accepted", "finalized", "declined", "cancelled", "expired")
_TRANSACTIONS_EACH = 20


def fill(
    server: MariaDB, database: str, transactions: int, *, one_in: int = 10, each: int = _TRANSACTIONS_EACH
) -> None:
    """Fill the service's empty tables in a database of this server; one in so many transactions is `HEAVY`'s.

    There is a member of the crowd for so many transactions `each`.
    """
    members = max(transactions // each, 2)
    rows = _rows(members)
    # Into an empty table, and with nothing to look up for a row, InnoDB sorts first and then writes each index once.
    server.mysql(
        f"""CREATE VIEW crowd AS {_crowd(transactions, members, one_in)};
            SET unique_checks = 0, foreign_key_checks = 0;
            {"".join(f"INSERT INTO {table} {select};" for table, select in rows.items())}
            DROP VIEW crowd;
            ANALYZE TABLE {", ".join(table.partition(" ")[0] for table in rows)}""",
        database,
    )


def _crowd(transactions: int, members: int, one_in: int) -> str:
    """Each transaction's number, id, author, other participant, state, moment and when it is due."""
    block = f"1 + (n DIV {one_in} - 1) * {len(BLOCKS)} DIV {transactions // one_in}"
    heavy_state = f"ELT({block}, {_texts(state for state, _ in BLOCKS)})"
    heavy_writes = f"ELT({block}, {', '.join('1' if role == 'author' else '0' for _, role in BLOCKS)})"
    return f"""
        SELECT n, {_id("01900000-0000-7000-8000", "n")} id, state, at, {_member("writer")} author,
            {_member("reader")} other, IF(state NOT IN ('proposed', 'accepted'), NULL,
                IF(n MOD 3 = 0, '2029-12-31', '2031-01-01')) due_at
        FROM (
            SELECT n, at, IF(is_heavy, heavy_state, ELT(1 + (n + n DIV {members}) MOD 7, {_texts(_STATES)})) state,
                IF(is_heavy AND heavy_writes, 0, one) writer, IF(NOT is_heavy, two, IF(heavy_writes, one, 0)) reader
            FROM (
                SELECT n, n MOD {one_in} = 0 is_heavy, {heavy_state} heavy_state, {heavy_writes} heavy_writes,
                    1 + n MOD {members} one, 1 + (n + 1 + n DIV 7 MOD ({members} - 1)) MOD {members} two,
                    TIMESTAMP('{FIRST_CHANGE[:10]}') + INTERVAL n DIV 1000 SECOND at
                FROM (SELECT seq n FROM seq_1_to_{transactions}) numbers
            ) members
        ) written"""  # noqa: S608 - our own text


def _rows(members: int) -> dict[str, str]:
    """What to put into each table."""
    numbers = f"(SELECT seq - 1 n FROM seq_1_to_{members + 1}) numbers"  # noqa: S608
    return {
        "transactions": """
            SELECT id, author, state, 2, 1, 'none', JSON_OBJECT('a', JSON_OBJECT('giver', author, 'receiver', other,
                'skill', 'guitar', 'minutes', 60)), NULL, 14, due_at, NULL, due_at, NULL, NULL,
                JSON_ARRAY(JSON_ARRAY(author, 1, '2029-01-01T00:00:00+00:00')), '[]', '[]', 1, at, at FROM crowd""",
        "transaction_texts": "SELECT id, 'An hour of guitar', 'Bring yours.', '{}', '{}' FROM crowd",
        "transaction_participants": """
            SELECT IF(writes, author, other), id, writes, state, at
            FROM crowd JOIN (SELECT seq writes FROM seq_0_to_1) roles WHERE writes OR state != 'draft'""",
        "transaction_history": """
            SELECT id, number, author, ELT(number, 'create', 'propose'), NULL, state, '[]', at
            FROM crowd JOIN (SELECT seq number FROM seq_1_to_2) numbers""",
        "ledger_entries": f"""
            SELECT {_id("01900000-0000-7000-8001", "2 * n + gives")}, IF(gives, author, other), id, 'a', 'guitar',
                IF(gives, other, author), IF(gives, 60, -60), at
            FROM crowd JOIN (SELECT seq gives FROM seq_0_to_1) sides WHERE state = 'finalized'""",  # noqa: S608
        "accounts": f"SELECT {_member('n')}, 0, 0, -600, 0 FROM {numbers}",  # noqa: S608
        "people": f"SELECT {_member('n')}, IF(n MOD 97 = 96, 'suspended', 'active'), 1 FROM {numbers}",  # noqa: S608
        "outbox (id, type, subject, sequence, payload, created_at, published_at, attempts)": """
            SELECT id, 'transaction.proposed.v1', id, 1, '{}', at, IF(n MOD 2, at, NULL), 0 FROM crowd""",
        "processed_messages": "SELECT 'transactions', id, at FROM crowd",
        "erased_users": f"SELECT {_member('n + 1000000')}, '2029-01-01', '2029-01-02' FROM {numbers}",  # noqa: S608
        "failed_messages": "SELECT id, 'transactions', id, 'user.created.v1', NULL, 'KeyError', 5, at FROM crowd",
        "idempotency_records": """
            SELECT author, 'POST', id, '', 201, '{}', '{}', IF(n > 700, '2030-01-01', '2029-01-01') FROM crowd""",
    }


def _id(beginning: str, number: str) -> str:
    return f"CONCAT('{beginning}-', LPAD(LOWER(HEX({number})), 12, '0'))"


def _member(number: str) -> str:
    return _id(HEAVY.rpartition("-")[0], number)


def _texts(texts: Iterable[str]) -> str:
    return ", ".join(f"'{text}'" for text in texts)
