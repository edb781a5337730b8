"""What a transaction does to hours: held at acceptance, released or posted afterwards, and never made or lost."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skillsync_transactions.entities import Account, Change, Changes, Movement, Posting, Transaction, apply

from .examples import ADA, BO, CY, DI, GIFT, NOW, RING, STATES, SWAP, VERBS, accepted, done, draft, later, leg, proposed

# Ada gives Bo two hours and gets back one; Cy gives Ada one half.
UNEVEN: Changes = {"legs": {"a": leg(ADA, BO, 120), "b": leg(BO, ADA, 60, "german"), "c": leg(CY, ADA, 30)}}
EMPTY = Movement()


def proposed_by(author: str, changes: Changes) -> Transaction:
    """Proposed by somebody."""
    transaction, _ = Transaction.draft("t", author, changes, NOW)
    transaction.propose(author, NOW, open_proposals=0)
    return transaction


def held_by(changes: Changes) -> dict[str, int]:
    """What the last acceptance holds."""
    transaction = proposed(changes)
    *others, last = transaction.participants[1:]
    for person in others:
        assert done(transaction.accept(person, 1, NOW)).movement is None
    movement = done(transaction.accept(last, 1, NOW)).movement
    assert movement is not None
    assert (movement.released, movement.postings) == ({}, ())
    return dict(movement.held)


@pytest.mark.parametrize(
    ("changes", "held"),
    [
        (GIFT, {BO: 60}),
        (SWAP, {}),
        (RING, {}),
        (UNEVEN, {BO: 60}),
        ({"legs": {"a": leg(BO, ADA, 120), "b": leg(CY, ADA, 30), "c": leg(CY, DI, 45)}}, {ADA: 150, DI: 45}),
    ],
    ids=["gift", "swap", "ring", "uneven", "several"],
)
def test_the_last_acceptance_holds_what_people_receive_beyond_what_they_give(
    changes: Changes, held: dict[str, int]
) -> None:
    assert held_by(changes) == held


def test_finalizing_releases_the_hold_and_posts_both_sides_of_each_leg() -> None:
    transaction = accepted({"legs": {"a": leg(ADA, BO, 120), "b": leg(BO, ADA, 60, "german")}})
    movement = done(transaction.finalize(BO, 1, NOW)).movement
    assert movement == Movement(
        released={BO: 60},
        postings=(
            Posting("a", BO, ADA, "guitar", -120),
            Posting("a", ADA, BO, "guitar", 120),
            Posting("b", ADA, BO, "german", -60),
            Posting("b", BO, ADA, "german", 60),
        ),
    )
    assert movement.owners == [ADA, BO]


def test_time_posts_the_same_as_people_do() -> None:
    by_people, by_time = STATES["confirmed"](), STATES["confirmed"]()
    last = done(by_time.pass_time(later(days=14)))
    assert last.movement == done(by_people.finalize(BO, 1, NOW)).movement


@pytest.mark.parametrize(
    ("state", "verb", "actor"), [("accepted", "cancel", ADA), ("accepted", "terms", ADA), ("confirmed", "cancel", BO)]
)
def test_what_does_not_take_place_is_released(state: str, verb: str, actor: str) -> None:
    change: Any = VERBS[verb](STATES[state](), actor)
    assert change.movement == Movement(released={BO: 60})


def test_what_expires_is_released() -> None:
    assert done(accepted().pass_time(later(days=60))).movement == Movement(released={BO: 60})


def test_an_amendment_releases_what_the_old_terms_held() -> None:
    transaction = accepted(UNEVEN)
    movement = done(transaction.change(CY, {"legs": {"a": {"minutes": 600}}}, NOW)).movement
    assert movement == Movement(released={BO: 60})
    for person in (ADA, BO):
        last = done(transaction.accept(person, 2, NOW))
    assert last.movement == Movement(held={BO: 540})


def test_an_even_swap_holds_nothing_and_posts_all() -> None:
    transaction = proposed(SWAP)
    assert done(transaction.accept(BO, 1, NOW)).movement == EMPTY
    movement = done(transaction.finalize(ADA, 1, NOW)).movement
    assert movement is not None
    assert (movement.released, len(movement.postings)) == ({}, 4)
    assert done(accepted(SWAP).cancel(ADA, "Ill.", NOW)).movement == EMPTY


def test_without_settlement_nothing_ever_moves() -> None:
    changes: Changes = {**GIFT, "settlement": "none"}
    transaction = proposed(changes)
    moves = [transaction.accept(BO, 1, NOW), transaction.finalize(ADA, 1, NOW), transaction.finalize(BO, 1, NOW)]
    moves += [accepted(changes).cancel(ADA, "Ill.", NOW), accepted(changes).pass_time(later(days=60))]
    moves += [accepted(changes).change(ADA, {"settlement": "hours"}, NOW)]
    assert [done(change).movement for change in moves] == [None] * 6


def test_taking_the_settlement_away_releases_what_was_held_with_it() -> None:
    transaction = accepted()
    assert done(transaction.change(ADA, {"settlement": "none"}, NOW)).movement == Movement(released={BO: 60})
    assert done(transaction.accept(BO, 2, NOW)).movement is None


def test_what_concerns_no_hold_moves_nothing() -> None:
    changes = [
        draft().propose(ADA, NOW, open_proposals=0),
        proposed().change(BO, {"legs": {"a": {"minutes": 90}}}, NOW),
        proposed().decline(BO, None, NOW),
        proposed().cancel(ADA, None, NOW),
        proposed().pass_time(later(days=14)),
        accepted().change(BO, {"title": "Another"}, NOW),
        accepted().finalize(ADA, 1, NOW),
    ]
    assert [done(change).movement for change in changes] == [None] * len(changes)


def test_the_owners_of_a_movement_come_in_the_order_of_locking() -> None:
    posting = Posting("a", "m", "n", "guitar", 15)
    assert Movement({"z": 15}, {"b": 15}, (posting,)).owners == ["b", "m", "z"]
    assert EMPTY.owners == []


def by_one_and_time(transaction: Transaction) -> Change:
    """Finalized: by a receiver's word where that is enough, else by the silence after it."""
    change = done(transaction.finalize(str(transaction.legs[min(transaction.legs)].receiver), 1, NOW))
    return change if change.action == "finalize" else done(transaction.pass_time(later(days=14)))


ENDS: dict[str, Callable[[Transaction], Change | None]] = {
    "finalize": by_one_and_time,
    "cancel": lambda t: t.cancel(t.author, "Ill.", NOW),
    "amend": lambda t: t.change(t.author, {"scheduled_for": later(days=1)}, NOW),
    "expire": lambda t: t.pass_time(later(days=60)),
}
pairs = st.permutations([ADA, BO, CY, DI]).map(lambda order: (order[0], order[1]))
quarters = st.integers(1, 400).map(lambda number: 15 * number)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(
    drawn=st.dictionaries(st.sampled_from("abcdefgh"), st.tuples(pairs, quarters), min_size=1),
    end=st.sampled_from(sorted(ENDS)),
)
def test_the_movements_of_any_life_conserve_hours(drawn: dict[str, tuple[tuple[str, str], int]], end: str) -> None:
    (author, _), _ = drawn[min(drawn)]
    legs = {key: leg(*pair, minutes) for key, (pair, minutes) in drawn.items()}
    transaction = proposed_by(author, {"legs": legs})
    bank = {person: Account(person, floor=-100_000) for person in transaction.participants}
    moves = [transaction.accept(person, 1, NOW) for person in transaction.participants[1:]]
    assert [move for move in moves[:-1] if done(move).movement] == []
    apply(done(moves[-1]).movement or EMPTY, bank, None)
    gains = Counter(dict.fromkeys(bank, 0))
    for (giver, receiver), minutes in drawn.values():
        gains.update({giver: minutes, receiver: -minutes})
    assert {owner: (account.balance, account.held) for owner, account in bank.items()} == {
        owner: (0, max(0, -gain)) for owner, gain in gains.items()
    }
    apply(done(ENDS[end](transaction)).movement or EMPTY, bank, None)
    assert {account.held for account in bank.values()} == {0}
    assert {owner: account.balance for owner, account in bank.items()} == (
        dict(gains) if end == "finalize" else dict.fromkeys(bank, 0)
    )
    assert sum(account.balance for account in bank.values()) == 0
