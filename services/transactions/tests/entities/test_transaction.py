"""Every verb, in every state, by each kind of person: what it does, or how it is refused."""

import re

import pytest

from skillsync_kit.errors import Failure
from skillsync_transactions import errors
from skillsync_transactions.entities import MOST_OPEN_PROPOSALS, State
from skillsync_transactions.errors import (
    AlreadyReversed,
    InvalidTerms,
    NotYours,
    ReasonRequired,
    TooManyOpenProposals,
    WrongState,
)

from .examples import (
    ADA,
    BO,
    CY,
    GIFT,
    NOW,
    RING,
    STATES,
    SWAP,
    VERBS,
    accepted,
    cancelled,
    confirmed,
    declined,
    done,
    draft,
    finalized,
    later,
    leg,
    outcome_of,
    proposed,
    reversed_,
)

# For each state and person: the history's action (a draft that may be deleted has none), `-` where nothing changes, or
# the refusal: N NotYours, W WrongState, T TermsChanged, R ReasonRequired, A AlreadyReversed.
TABLE = """
                retitle same terms  propose accept old-yes decline cancel mute   finalize old-done reverse delete
draft       ada edit    -    edit   propose W      W       W       W      W      W        W        W       deleted
draft       bo  N       N    N      N       N      N       N       N      N      N        N        N       N
proposed    ada edit    -    revise -       -      T       N       cancel cancel W        W        W       W
proposed    bo  edit    -    revise W       accept T       decline N      N      W        W        W       W
unanswered  ada W       W    W      W       W      W       W       W      W      W        W        W       W
unanswered  bo  W       W    W      W       W      W       W       W      W      W        W        W       W
accepted    ada edit    -    amend  -       -      T       W       cancel R      confirm  T        W       W
accepted    bo  edit    -    amend  W       -      T       W       cancel R      finalize T        W       W
unconfirmed ada W       W    W      W       W      W       W       W      W      W        W        W       W
unconfirmed bo  W       W    W      W       W      W       W       W      W      W        W        W       W
confirmed   ada W       W    W      -       -      T       W       cancel R      -        T        W       W
confirmed   bo  W       W    W      W       -      T       W       cancel R      finalize T        W       W
silent      ada W       W    W      -       -      T       W       W      W      -        T        W       W
silent      bo  W       W    W      W       -      T       W       W      W      finalize T        W       W
finalized   ada W       W    W      -       -      W       W       W      W      W        W        reverse W
finalized   bo  W       W    W      W       -      W       W       W      W      -        W        reverse W
reversed    ada W       W    W      -       -      W       W       W      W      W        W        A       W
reversed    bo  W       W    W      W       -      W       W       W      W      -        W        A       W
declined    ada W       W    W      W       W      W       W       W      W      W        W        W       W
declined    bo  W       W    W      W       W      W       -       W      W      W        W        W       W
cancelled   ada W       W    W      W       W      W       W       -      -      W        W        W       W
cancelled   bo  W       W    W      W       W      W       W       W      W      W        W        W       W
expired     ada W       W    W      W       W      W       W       W      W      W        W        W       W
expired     bo  W       W    W      W       W      W       W       W      W      W        W        W       W
"""
REFUSALS = {
    "N": "NotYours",
    "W": "WrongState",
    "T": "TermsChanged",
    "R": "ReasonRequired",
    "A": "AlreadyReversed",
}
HEADER, *ROWS = (line.split() for line in TABLE.strip().splitlines())
CASES = [
    pytest.param(state, actor, verb, REFUSALS.get(outcome, outcome), id=f"{state}-{actor}-{verb}")
    for state, actor, *outcomes in [*ROWS, *([state, CY, *"N" * len(HEADER)] for state in STATES)]
    for verb, outcome in zip(HEADER, outcomes, strict=True)
]


@pytest.mark.parametrize(("state", "actor", "verb", "outcome"), CASES)
def test_the_table_of_the_state_machine(state: str, actor: str, verb: str, outcome: str) -> None:
    assert outcome_of(STATES[state](), verb, actor) == outcome


def test_the_table_is_whole() -> None:
    assert list(VERBS) == HEADER
    assert {(state, actor) for state, actor, *_ in ROWS} == {(state, actor) for state in STATES for actor in (ADA, BO)}
    assert len(CASES) == len(STATES) * 3 * len(VERBS)
    assert {STATES[state]().state for state in STATES} == set(State)


@pytest.mark.parametrize("name", errors.__all__)
def test_every_refusal_has_a_code_of_its_own(name: str) -> None:
    refusal = getattr(errors, name)
    codes = [getattr(errors, other).code for other in errors.__all__]
    assert issubclass(refusal, Failure)
    assert name == "TransactionNotFound" or codes.count(refusal.code) == 1
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", refusal.code)


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        (errors.NotEnoughHours, 409, "not-enough-hours"),
        (errors.AlreadyReversed, 409, "already-reversed"),
        (errors.ReasonRequired, 422, "reason-required"),
    ],
)
def test_the_status_and_code_of_a_refusal(refusal: type[Failure], status: int, code: str) -> None:
    assert (refusal.status, refusal.code) == (status, code)


# --- proposing ---


def test_twenty_open_proposals_are_the_most() -> None:
    assert draft().propose(ADA, NOW, open_proposals=MOST_OPEN_PROPOSALS - 1) is not None
    with pytest.raises(TooManyOpenProposals) as refused:
        draft().propose(ADA, NOW, open_proposals=MOST_OPEN_PROPOSALS)
    assert refused.value.extra == {"state": "draft", "allowed_actions": ["delete", "edit", "propose"]}


@pytest.mark.parametrize("days", [0, 61])
def test_a_proposal_is_open_for_a_day_to_sixty(days: int) -> None:
    transaction = draft()
    with pytest.raises(InvalidTerms, match="1 to 60") as refused:
        transaction.propose(ADA, NOW, open_proposals=0, days_open=days)
    assert refused.value.errors[0].pointer == "/expires_after_days"
    assert transaction == draft()


def test_the_author_accepts_by_proposing() -> None:
    assert [(a.user, a.terms_rev, a.at) for a in proposed().acceptances] == [(ADA, 1, NOW)]


def test_of_many_the_last_yes_makes_it_accepted() -> None:
    people = [ADA, *(f"p{number}" for number in range(7))]
    legs = {f"l{n}": leg(people[n], people[(n + 1) % 8]) for n in range(8)}
    transaction = proposed({"legs": legs})
    for person in people[1:-1]:
        change = done(transaction.accept(person, 1, NOW))
        assert ([event.type for event in change.events], change.movement) == (["transaction.accepted_by.v1"], None)
    assert done(transaction.accept(people[-1], 1, NOW)).to_state is State.ACCEPTED


def test_one_yes_of_three_can_be_repeated_and_is_counted_once() -> None:
    transaction = proposed(RING)
    transaction.accept(BO, 1, NOW)
    assert transaction.accept(BO, 1, NOW) is None
    assert transaction.state is State.PROPOSED


# --- saying no ---


def test_a_reason_is_kept_with_the_entry_it_belongs_to_and_told_nobody_else() -> None:
    transaction = cancelled()
    assert (transaction.reasons, transaction.reason) == ({5: "It was another day."}, "It was another day.")
    assert declined().reasons == {3: "Not this month."}
    change = done(accepted().cancel(BO, " Sorry. ", NOW))
    assert "Sorry" not in str(change)


@pytest.mark.parametrize("reason", [None, "", " \n "])
def test_a_reason_is_optional_where_nobody_is_bound_yet(reason: str | None) -> None:
    for transaction, verb, actor in ((proposed(), "decline", BO), (proposed(), "cancel", ADA)):
        assert getattr(transaction, verb)(actor, reason, NOW) is not None
        assert (transaction.reasons, transaction.reason, transaction.ended_by) == ({}, None, actor)
    with pytest.raises(ReasonRequired) as refused:
        accepted().cancel(BO, reason, NOW)
    assert [error.pointer for error in refused.value.errors] == ["/reason"]
    assert refused.value.extra == {"state": "accepted", "allowed_actions": ["amend", "cancel", "finalize"]}


def test_anyone_of_a_ring_may_decline_or_later_cancel() -> None:
    for person in (BO, CY):
        assert done(proposed(RING).decline(person, None, NOW)).to_state is State.DECLINED
    for person in (ADA, BO, CY):
        assert done(accepted(RING).cancel(person, "Ill.", NOW)).to_state is State.CANCELLED


@pytest.mark.parametrize("state", ["declined", "cancelled", "expired", "finalized"])
def test_what_is_over_is_never_due_again(state: str) -> None:
    transaction = STATES[state]()
    assert transaction.due_at is None
    assert transaction.pass_time(later(days=1000)) is None


# --- finalizing ---


def test_of_two_a_receivers_word_finalizes() -> None:
    assert done(accepted().finalize(BO, 1, NOW)).action == "finalize"
    for person in (ADA, BO):
        assert done(accepted(SWAP).finalize(person, 1, NOW)).action == "finalize"


def test_one_who_only_gives_confirms_and_waits_for_the_receiver() -> None:
    transaction = confirmed()
    assert (transaction.state, transaction.finalize(ADA, 1, NOW)) == (State.ACCEPTED, None)
    assert transaction.allowed_actions(ADA, NOW) == ["cancel"]
    assert done(transaction.finalize(BO, 1, NOW)).to_state is State.FINALIZED


def test_of_more_every_receiver_must_have_called() -> None:
    transaction = accepted(RING)
    for person, action in ((BO, "confirm"), (CY, "confirm"), (ADA, "finalize")):
        assert done(transaction.finalize(person, 1, NOW)).action == action


def test_of_more_those_who_only_give_need_not_call() -> None:
    transaction = accepted({"legs": {"a": leg(ADA, BO), "b": leg(ADA, CY)}})
    for person, action in ((CY, "confirm"), (BO, "finalize")):
        assert done(transaction.finalize(person, 1, NOW)).action == action


# --- reversing ---


def test_a_reversal_is_a_proposal_with_the_legs_turned_round() -> None:
    original = finalized(SWAP)
    reversal, (created, opened) = original.reverse("r", BO, " Wrong day. ", NOW, open_proposals=0)
    assert original == finalized(SWAP)
    assert (reversal.id, reversal.author, reversal.reverses_id, reversal.reversed_by) == ("r", BO, "t", None)
    assert (reversal.state, reversal.version, reversal.terms_rev) == (State.PROPOSED, 2, 1)
    assert {key: (part.giver, part.receiver, part.skill, part.minutes) for key, part in reversal.legs.items()} == {
        "a": (BO, ADA, "guitar", 60),
        "b": (ADA, BO, "german", 60),
    }
    assert (reversal.title, reversal.settlement, reversal.names) == (original.title, "hours", original.names)
    assert (reversal.reasons, [a.user for a in reversal.acceptances]) == ({2: "Wrong day."}, [BO])
    assert reversal.expires_at == later(days=14)
    assert (created.number, created.action, created.from_state, created.to_state) == (1, "create", None, "draft")
    assert (opened.number, opened.action, opened.from_state, opened.to_state) == (2, "propose", "draft", "proposed")
    assert (created.events, [event.type for event in opened.events]) == ((), ["transaction.proposed.v1"])
    assert "Wrong day" not in str(opened)


def test_a_reversal_lives_the_normal_life_and_can_be_reversed_itself() -> None:
    reversal, _ = finalized().reverse("r", BO, "Wrong day.", NOW, open_proposals=0)
    reversal.accept(ADA, 1, NOW)
    assert done(reversal.finalize(ADA, 1, NOW)).action == "finalize"
    again, _ = reversal.reverse("s", ADA, "It was right.", NOW, open_proposals=0)
    assert (again.reverses_id, again.legs) == ("r", finalized().legs)


def test_what_keeps_from_reversing() -> None:
    here = {"state": "finalized", "allowed_actions": ["reverse"]}
    with pytest.raises(ReasonRequired) as mute:
        finalized().reverse("r", ADA, "  ", NOW, open_proposals=0)
    with pytest.raises(TooManyOpenProposals) as too_many:
        finalized().reverse("r", ADA, "Wrong day.", NOW, open_proposals=MOST_OPEN_PROPOSALS)
    assert mute.value.extra == too_many.value.extra == here
    with pytest.raises(AlreadyReversed) as twice:
        reversed_().reverse("s", ADA, "Wrong day.", NOW, open_proposals=0)
    assert twice.value.extra == {"state": "finalized", "allowed_actions": [], "reversed_by": "r"}


def test_settlement_and_terms_of_a_reversal_are_those_of_the_original() -> None:
    original = finalized({**GIFT, "settlement": "none"})
    reversal, _ = original.reverse("r", ADA, "Wrong day.", NOW, open_proposals=0)
    assert (reversal.settlement, reversal.scheduled_for, reversal.note) == ("none", None, "")


def test_deleting_needs_the_draft_and_its_author() -> None:
    draft().delete(ADA, NOW)
    with pytest.raises(NotYours):
        draft().delete(BO, NOW)
    with pytest.raises(WrongState):
        proposed().delete(ADA, NOW)
