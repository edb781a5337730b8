"""Tables with many rows, made inside MariaDB in seconds: one INSERT … SELECT for each, from a sequence of numbers.

So many exchanges are spread evenly over a number of days that end today; their two participants are of a crowd of
members who signed up over the same days. Each exchange gives its participants two days of activity.
"""

from datetime import date

from skillsync_analytics.entities.calendar import Interval, number_of
from skillsync_testing.mariadb import MariaDB

__all__ = ["TODAY", "fill"]

TODAY = date(2030, 1, 1)
_MEMBER = "a0000000-0000-4000-8000"
_EXCHANGE = "01900000-0000-7000-8000"


def fill(server: MariaDB, database: str, *, exchanges: int, people: int, days: int) -> None:
    """Fill the service's empty tables in a database of this server."""
    last = number_of(TODAY, Interval.DAY)
    calendar = ", ".join(
        f"({day}, {number_of(on, Interval.WEEK)}, {number_of(on, Interval.MONTH)})"
        for day in range(last - days + 1, last + 1)
        for on in [date.fromordinal(day + date(1970, 1, 1).toordinal())]
    )
    inserts = "".join(f"INSERT INTO {table} {select};" for table, select in _rows(exchanges, people).items())
    server.mysql(
        f"""CREATE TABLE calendar (day INT PRIMARY KEY, week INT, month INT);
            INSERT INTO calendar VALUES {calendar};
            CREATE VIEW crowd AS {_crowd(exchanges, people, last - days + 1, days)};
            CREATE VIEW newcomers AS {_newcomers(people, last - days + 1, days)};
            SET unique_checks = 0;
            {inserts}
            DROP VIEW crowd; DROP VIEW newcomers; DROP TABLE calendar;
            ANALYZE TABLE {", ".join(_rows(exchanges, people))}""",  # noqa: S608 - our own text
        database,
    )


def _crowd(exchanges: int, people: int, first: int, days: int) -> str:
    """Each exchange's number, id, two participants, day, week, month, moment and ending."""
    return f"""
        SELECT n, {_id(_EXCHANGE, "n")} id, {_id(_MEMBER, f"n MOD {people}")} one,
            {_id(_MEMBER, f"(n + 1 + n DIV {people} MOD ({people} - 1)) MOD {people}")} two,
            calendar.*, FROM_UNIXTIME(86400 * day + 36000) at,
            ELT(1 + n MOD 5, 'finalized', 'finalized', 'finalized', 'declined', 'expired') ending
        FROM (SELECT seq n FROM seq_1_to_{exchanges}) numbers
            JOIN calendar ON day = {first} + n * {days} DIV ({exchanges} + 1)"""  # noqa: S608 - our own text


def _newcomers(people: int, first: int, days: int) -> str:
    return f"""
        SELECT n, {_id(_MEMBER, "n")} id, calendar.*, FROM_UNIXTIME(86400 * day) at
        FROM (SELECT seq - 1 n FROM seq_1_to_{people}) numbers JOIN calendar ON day = {first} + n * {days} DIV {people}
        """  # noqa: S608


def _rows(exchanges: int, people: int) -> dict[str, str]:
    """What to put into each table, columns in the order of the table."""
    both = "JOIN (SELECT seq gives FROM seq_0_to_1) sides"
    return {
        "exchanges": """
            SELECT id, 4, 'hours', 60, at, at, at, at, ending, day, week, month,
                IF(ending = 'declined', NULL, n MOD 9973), IF(ending = 'finalized', 9973 + n MOD 997, NULL)
            FROM crowd""",
        "participants": f"SELECT id, IF(gives, one, two) FROM crowd {both}",  # noqa: S608
        "exchange_parts": f"""
            SELECT id, IF(gives, one, two), CHAR(97 + n MOD 12), IF(gives, 60, 0), IF(gives, 0, 60), day, week, month
            FROM crowd {both} WHERE ending = 'finalized'""",  # noqa: S608
        "member_exchanges": f"""
            SELECT IF(gives, one, two), id, IF(gives, 60, 0), IF(gives, 0, 60), at
            FROM crowd {both} WHERE ending = 'finalized'""",  # noqa: S608
        "activity": f"SELECT DISTINCT day, IF(gives, one, two), week, month FROM crowd {both}",  # noqa: S608
        "members": """
            SELECT id, IF(n MOD 97 = 96, 'suspended', 'active'), 1, at, at, day, week, month FROM newcomers""",
        "offerings": f"""
            SELECT {_id(_EXCHANGE, "n * 8 + k")}, id, IF(k MOD 2, 'offer', 'want'),
                CONCAT('skill-', (n + k * 7) MOD 150), IF(k < 4, 'active', 'deleted'), 1, at
            FROM newcomers JOIN (SELECT seq k FROM seq_0_to_7) kinds""",  # noqa: S608
        "processed_messages": "SELECT 'analytics', id, at FROM crowd",
    }


def _id(beginning: str, number: str) -> str:
    return f"CONCAT('{beginning}-', LPAD(LOWER(HEX({number})), 12, '0'))"
