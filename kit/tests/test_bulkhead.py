"""The bulkhead: whoever comes, waits or leaves in whatever order, no place is lost and none is given twice."""

import asyncio

import pytest
from hypothesis import settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from skillsync_kit.bulkhead import Bulkhead, Full

AT_ONCE, WAITING = 2, (3, 2)


class AnyOrder(RuleBasedStateMachine):
    """Takers of both ranks who come, leave while they wait, and give back, beside lists of who should be where."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.bulkhead = Bulkhead(AT_ONCE, *WAITING)
        self.inside: list[asyncio.Task[None]] = []
        self.waiting: tuple[list[asyncio.Task[None]], ...] = ([], [])

    def teardown(self) -> None:
        for task in [*self.waiting[0], *self.waiting[1]]:
            task.cancel()
        self.turn()
        self.loop.close()

    def turn(self) -> None:
        async def some_turns() -> None:
            for _ in range(4):
                await asyncio.sleep(0)

        self.loop.run_until_complete(some_turns())

    def let_in(self) -> None:
        """Who waits goes in while there is room: the first rank first, of each the one who waits longest."""
        while len(self.inside) < AT_ONCE and (queue := self.waiting[0] or self.waiting[1]):
            self.inside.append(queue.pop(0))

    @rule(rank=some.integers(0, 1))
    def come(self, rank: int) -> None:
        is_full = len(self.inside) == AT_ONCE and len(self.waiting[rank]) == WAITING[rank]
        task = self.loop.create_task(self.bulkhead.take(rank))
        self.turn()
        if is_full:
            assert isinstance(task.exception(), Full)
        else:
            self.waiting[rank].append(task)
            self.let_in()

    @precondition(lambda self: self.inside)
    @rule()
    def give_back(self) -> None:
        self.inside.pop()
        self.bulkhead.give_back()
        self.turn()
        self.let_in()

    @precondition(lambda self: self.waiting[0] or self.waiting[1])
    @rule(number=some.integers(0, 10), before=some.booleans(), after=some.booleans())
    def leave(self, number: int, before: bool, after: bool) -> None:
        """Somebody who waits leaves; perhaps in the same turn of the loop in which places are given back."""
        queue = self.waiting[0] or self.waiting[1]
        if before:
            self.inside.pop()
            self.bulkhead.give_back()
        queue.pop(number % len(queue)).cancel()
        if after and self.inside:
            self.inside.pop()
            self.bulkhead.give_back()
        self.turn()
        self.let_in()

    @invariant()
    def everybody_is_where_they_should_be(self) -> None:
        self.turn()
        assert self.bulkhead.taken == len(self.inside) <= AT_ONCE
        assert all(task.done() for task in self.inside)
        assert not any(task.done() for queue in self.waiting for task in queue)


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)


async def test_a_place_is_given_back_whatever_happens_in_it() -> None:
    bulkhead = Bulkhead(1, 0)
    with pytest.raises(RuntimeError):
        async with bulkhead.place(1):
            raise RuntimeError
    async with bulkhead.place(1):
        with pytest.raises(Full):
            async with bulkhead.place(1):
                pass
    assert bulkhead.taken == 0


async def test_a_wait_has_its_limit() -> None:
    bulkhead = Bulkhead(1, 5)
    async with bulkhead.place(1):
        with pytest.raises(Full):
            async with bulkhead.place(0.01):
                pass
    assert bulkhead.take_at_once()
