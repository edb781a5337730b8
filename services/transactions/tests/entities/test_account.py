"""Accounts: what can be held, what is warned of, and that a movement goes through whole or not at all."""

import copy
from collections.abc import Mapping
from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skillsync_transactions.entities import DEFAULT_FLOOR, Account, Movement, Posting, apply
from skillsync_transactions.errors import NotEnoughHours
from skillsync_transactions.events import AccountSoftLimitCrossed

from .examples import ADA, BO, CY

OWN = "You would fall under your limit of -600 minutes."
ANOTHER = "A participant has not enough hours."


def accounts(**balances: int) -> dict[str, Account]:
    """Accounts by owner."""
    return {owner: Account(owner, balance) for owner, balance in balances.items()}


def test_a_new_account_is_empty_and_has_a_floor() -> None:
    account = Account(ADA)
    assert (account.balance, account.held, account.available, account.event_sequence) == (0, 0, 0, 0)
    assert (account.floor, account.soft_limit) == (DEFAULT_FLOOR, -300) == (-600, -300)


def test_what_is_held_is_not_available() -> None:
    account = Account(ADA, balance=90)
    account.hold(60)
    assert (account.balance, account.held, account.available) == (90, 60, 30)
    account.release(45)
    account.post(-45)
    assert (account.balance, account.held, account.available) == (45, 15, 30)


def test_the_floor_can_be_reached_and_not_crossed() -> None:
    account = Account(ADA, balance=-100, held=100)
    account.hold(400)
    assert account.available == -600
    with pytest.raises(NotEnoughHours, match=OWN):
        account.hold(15)
    assert account == Account(ADA, balance=-100, held=500)


def test_a_floor_of_ones_own_counts() -> None:
    Account(ADA, floor=-6000).hold(6000)
    with pytest.raises(NotEnoughHours, match="limit of 0 minutes"):
        Account(ADA, floor=0).hold(15)


def test_more_than_is_held_is_never_released() -> None:
    with pytest.raises(RuntimeError, match="cannot be released"):
        Account(ADA, held=45).release(60)


def test_a_movement_goes_through_all_its_accounts() -> None:
    bank = {**accounts(ada=0, cy=0), BO: Account(BO, held=90)}
    postings = (Posting("a", BO, ADA, "guitar", -60), Posting("a", ADA, BO, "guitar", 60))
    assert apply(Movement(held={CY: 30}, released={BO: 60}, postings=postings), bank, ADA) == ()
    assert bank == {ADA: Account(ADA, 60), BO: Account(BO, -60, 30), CY: Account(CY, 0, 30)}


@pytest.mark.parametrize(("actor", "words"), [(ADA, ANOTHER), (BO, OWN), (CY, ANOTHER), (None, ANOTHER)])
def test_only_to_the_owner_is_it_said_whose_hours_are_short(actor: str | None, words: str) -> None:
    bank = accounts(ada=0, bo=-600)
    with pytest.raises(NotEnoughHours) as refused:
        apply(Movement(held={ADA: 60, BO: 15}), bank, actor)
    assert (refused.value.detail, refused.value.extra, refused.value.errors) == (words, {}, ())
    assert refused.value.__cause__ is None
    assert bank == accounts(ada=0, bo=-600)


def test_of_several_that_are_short_the_actors_own_is_named() -> None:
    for actor in (ADA, BO):
        with pytest.raises(NotEnoughHours, match=OWN):
            apply(Movement(held={ADA: 60, BO: 60}), accounts(ada=-600, bo=-600), actor)


def test_what_is_released_may_be_held_again_at_once() -> None:
    bank = {ADA: Account(ADA, balance=-500, held=100)}
    apply(Movement(held={ADA: 100}, released={ADA: 100}), bank, ADA)
    assert bank == {ADA: Account(ADA, balance=-500, held=100)}


# --- the soft limit ---


@pytest.mark.parametrize(
    ("balance", "minutes", "told"),
    [
        (0, 300, None),
        (0, 315, (0, -315)),
        (-300, 15, (-300, -315)),
        (-315, 15, None),
        (1000, 1600, (1000, -600)),
    ],
)
def test_who_falls_under_the_soft_limit_is_warned_once(
    balance: int, minutes: int, told: tuple[int, int] | None
) -> None:
    events = apply(Movement(held={BO: minutes}), accounts(bo=balance), ADA)
    assert events == ((AccountSoftLimitCrossed(BO, *told, soft_limit=-300, floor=-600),) if told else ())


def test_the_warning_tells_minutes_and_nothing_else() -> None:
    (event,) = apply(Movement(held={BO: 330}), accounts(bo=0), ADA)
    assert event.type == "account.soft_limit_crossed.v1"
    assert event.data() == {"from": 0, "to": -330, "soft_limit": -300, "floor": -600}


def test_a_posting_warns_too() -> None:
    postings = (Posting("a", BO, ADA, "guitar", -330), Posting("a", ADA, BO, "guitar", 330))
    events = apply(Movement(postings=postings), accounts(ada=0, bo=0), None)
    assert [event.account for event in events] == [BO]


def test_what_was_held_is_posted_without_another_warning() -> None:
    bank = {ADA: Account(ADA), BO: Account(BO, held=330)}
    postings = (Posting("a", BO, ADA, "guitar", -330), Posting("a", ADA, BO, "guitar", 330))
    assert apply(Movement(released={BO: 330}, postings=postings), bank, ADA) == ()


def test_a_swap_of_long_lessons_warns_nobody_on_the_way() -> None:
    legs = (("a", ADA, BO), ("b", BO, ADA))
    postings = [
        Posting(key, account, other, "guitar", minutes)
        for key, giver, receiver in legs
        for account, other, minutes in ((receiver, giver, -450), (giver, receiver, 450))
    ]
    assert apply(Movement(postings=tuple(postings)), accounts(ada=0, bo=0), ADA) == ()


# --- any movement ---

people = st.sampled_from([ADA, BO, CY])
quarters = st.integers(1, 60).map(lambda number: 15 * number)


@settings(derandomize=True, deadline=None, max_examples=400)
@given(
    balances=st.fixed_dictionaries({person: st.integers(-40, 40).map(lambda n: 15 * n) for person in (ADA, BO, CY)}),
    moves=st.lists(st.tuples(st.dictionaries(people, quarters, min_size=1), people), max_size=12),
)
def test_no_hold_takes_anybody_under_the_floor_and_a_refused_one_changes_nothing(
    balances: Mapping[str, int], moves: list[tuple[dict[str, int], str]]
) -> None:
    bank = accounts(**balances)
    for held, actor in moves:
        before = copy.deepcopy(bank)
        would_fall = {owner for owner, minutes in held.items() if bank[owner].available - minutes < -600}
        try:
            events = apply(Movement(held=held), bank, actor)
        except NotEnoughHours as refusal:
            assert bank == before
            assert refusal.detail == (OWN if actor in would_fall else ANOTHER)  # noqa: PT017 - it is an outcome
            assert would_fall
        else:
            assert not would_fall
            assert all(bank[owner].held == before[owner].held + minutes for owner, minutes in held.items())
            crossed = {o for o in bank if before[o].available >= -300 > bank[o].available}
            assert {event.account for event in events} == crossed
        assert all(account.available >= -600 for account in bank.values())
        assert [getattr(bank[o], f.name) for o in bank for f in fields(Account) if f.name == "balance"] == list(
            balances.values()
        )
