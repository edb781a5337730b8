"""The measurement: rounds of all operations, and of all implementations within each, so that noise hits all alike."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import psutil

from bench.load import Implementation, Measured, cpu_seconds
from bench.operations import Exchange, Operation
from bench.people import Person
from skillsync_testing.mariadb import MariaDB

__all__ = ["Progress", "Sample", "rounds", "warm_up"]

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Sample:
    """One operation on one implementation in one round."""

    round: int
    operation: Operation
    implementation: str
    measured: Measured
    database_cpu_seconds: float
    deadlocks: int


@dataclass
class _Turn:
    """Whose turn it is to give: all give and receive alike, and nobody nears their floor."""

    people: Sequence[Person]
    place: int = field(default=0)

    def exchanges(self, count: int) -> list[Exchange]:
        found = []
        for _ in range(count):
            author = self.people[self.place % len(self.people)]
            # Another neighbour after each time round, so that pairs change.
            distance = 1 + self.place // len(self.people) % (len(self.people) - 1)
            found.append(Exchange(author, self.people[(self.place + distance) % len(self.people)]))
            self.place += 1
        return found


def rounds(
    implementations: Sequence[Implementation],
    server: MariaDB,
    people: Sequence[Person],
    *,
    count: int,
    requests: int,
    operations: Sequence[Operation],
    progress: Progress,
) -> Iterator[Sample]:
    """Measure every operation that is asked for; those it rests upon are done without being measured."""
    turn = _Turn(people)
    database = psutil.Process(server.pid)
    needed = _with_what_comes_before(operations)
    for number in range(1, count + 1):
        pairs = turn.exchanges(requests)
        exchanges = {which.name: [replace(pair) for pair in pairs] for which in implementations}
        for place, operation in enumerate(needed):
            for which in _rotated(implementations, number + place):
                progress(f"round {number} of {count}: {operation} on {which.name}")
                deadlocks, before = _deadlocks(server), cpu_seconds(database)
                measured = which.run(operation, exchanges[which.name])
                used = cpu_seconds(database) - before
                if operation in operations:
                    yield Sample(number, operation, which.name, measured, used, _deadlocks(server) - deadlocks)


def warm_up(implementations: Sequence[Implementation], people: Sequence[Person], progress: Progress) -> None:
    """Let every token be verified and every name be looked up once, as after the first minutes of a day.

    Every operation is run too, so that pools are open and statements are known.
    """
    for which in implementations:
        progress(f"warming up {which.name}")
        which.run(Operation.PAGE, [Exchange(person, person) for person in people])
        exchanges = _Turn(people).exchanges(len(people) // 2 * 2)[::2]
        for operation in Operation:
            which.run(operation, exchanges if operation is Operation.CREATE else exchanges[:64])


def _deadlocks(server: MariaDB) -> int:
    """How many deadlocks the server has resolved since it started; each made somebody begin again."""
    ((_, count),) = server.mysql("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'")
    return int(count)


def _with_what_comes_before(operations: Sequence[Operation]) -> list[Operation]:
    """The operations, and those that make what they need: all of life up to the last one asked for; reads a draft."""
    writes = [Operation.CREATE, Operation.PROPOSE, Operation.ACCEPT, Operation.FINALIZE]
    last = max((writes.index(operation) for operation in operations if operation in writes), default=0)
    return [*writes[: last + 1], *(operation for operation in operations if operation not in writes)]


def _rotated(items: Sequence[Implementation], by: int) -> list[Implementation]:
    """The same in another order: who comes first changes each time."""
    start = by % len(items)
    return [*items[start:], *items[:start]]


def by_operation(samples: Sequence[Sample]) -> Mapping[Operation, list[Sample]]:
    """The samples of each operation that has any, in the order of an exchange's life."""
    return {o: found for o in Operation if (found := [s for s in samples if s.operation is o])}
