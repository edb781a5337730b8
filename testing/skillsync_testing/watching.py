"""Every statement that is sent to MariaDB while one watches: how it is carried out, and how much it reads."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, event

__all__ = ["Statement", "Step", "Watch"]

_READS = ("first", "key", "last", "next", "prev", "retry", "rnd", "rnd_deleted", "rnd_next")
# What a condition on an index alone turns away is read too, and counted apart.
_COUNTERS = (*(f"Handler_read_{name}" for name in _READS), "Handler_icp_attempts")
_COUNT = f"SHOW SESSION STATUS WHERE Variable_name IN ({', '.join(repr(name) for name in _COUNTERS)})"
_OURS = ("EXPLAIN ", _COUNT)
# How rows are found by an index, and no others read: one row, one for each row before, or a stretch.
_BY_INDEX = frozenset({"const", "eq_ref", "ref", "range"})
_ASIDE = ("Using filesort", "Using temporary")


@dataclass(frozen=True, slots=True)
class Step:
    """A line of EXPLAIN."""

    table: str
    type: str
    key: str
    rows: str
    extra: str

    @property
    def is_by_index(self) -> bool:
        """Whether it reads what it needs, in the order that is needed."""
        return self.type in _BY_INDEX and not any(aside in self.extra for aside in _ASIDE)


@dataclass(slots=True)
class Statement:
    """A statement: the operation it was first sent in, how it is carried out, and the most it read.

    What is read are entries of indexes and rows of tables, by the server's own count.
    """

    operation: str
    text: str
    steps: list[Step]
    most_reads: int = 0

    @property
    def verb(self) -> str:
        """SELECT, INSERT, UPDATE or DELETE."""
        return self.text.partition(" ")[0]

    @property
    def is_by_index(self) -> bool:
        """Whether each of its steps is. What is inserted is not looked for: EXPLAIN has a line for it all the same."""
        return all(step.is_by_index for step in self.steps) or self.text.startswith("INSERT")


@dataclass(slots=True)
class Watch:
    """Watches all engines of this process while an operation goes on."""

    statements: dict[str, Statement] = field(default_factory=dict)
    reads: int = 0
    _operation: str = ""
    _before: int = 0

    @contextmanager
    def during(self, operation: str) -> Iterator[None]:
        """Watch what is sent during an operation; `reads` counts it from zero."""
        self._operation, self.reads = operation, 0
        event.listen(Engine, "before_cursor_execute", self._look)
        event.listen(Engine, "after_cursor_execute", self._count)
        try:
            yield
        finally:
            event.remove(Engine, "before_cursor_execute", self._look)
            event.remove(Engine, "after_cursor_execute", self._count)

    @property
    def refused(self) -> list[Statement]:
        """The statements that scan or sort."""
        return [statement for statement in self.statements.values() if not statement.is_by_index]

    def table(self) -> str:
        """The statements and their steps, for people."""
        lines = [_line("first in", "statement", "reads", "table", "type", "key", "rows", "extra")]
        for it in self.statements.values():
            for number, step in enumerate(it.steps):
                named = ("", "", "") if number else (it.operation, it.verb, str(it.most_reads))
                lines.append(_line(*named, step.table, step.type, step.key, step.rows, step.extra))
        return "\n".join(lines)

    def _look(self, connection: Connection, _: Any, text: str, parameters: Any, __: Any, many: bool) -> None:
        if text.startswith(_OURS):
            return
        if text not in self.statements:
            # Just before it is sent, in its transaction: it meets what the statement itself will meet.
            lines = connection.exec_driver_sql(f"EXPLAIN {text}", parameters[0] if many else parameters)
            self.statements[text] = Statement(self._operation, text, list(_steps(lines.mappings())))
        self._before = _count(connection)

    def _count(self, connection: Connection, _: Any, text: str, __: Any, ___: Any, ____: bool) -> None:
        if text.startswith(_OURS):
            return
        reads = _count(connection) - self._before
        self.reads += reads
        self.statements[text].most_reads = max(self.statements[text].most_reads, reads)


def _line(*texts: str) -> str:
    return "{:13} {:9} {:>5}  {:25} {:7} {:32} {:>6}  {}".format(*texts).rstrip()


def _steps(lines: Iterable[Any]) -> Iterator[Step]:
    for line in lines:
        yield Step(*(str(line[column] or "") for column in ("table", "type", "key", "rows", "Extra")))


def _count(connection: Connection) -> int:
    return sum(int(row[1]) for row in connection.exec_driver_sql(_COUNT))
