"""How a transaction stands: what each person may do with it, and what can be known of it."""

from dataclasses import replace

import pytest

from skillsync_transactions.entities import MOST_REVISIONS, State

from .examples import ADA, BO, CY, NOW, RING, STATES, SWAP, copied, draft, later, leg, outcome_of, proposed

ALLOWED: dict[str, tuple[list[str], list[str]]] = {
    "draft": (["delete", "edit", "propose"], []),
    "proposed": (["cancel", "revise"], ["accept", "decline", "revise"]),
    "unanswered": ([], []),
    "accepted": (["amend", "cancel", "finalize"], ["amend", "cancel", "finalize"]),
    "unconfirmed": ([], []),
    "confirmed": (["cancel"], ["cancel", "finalize"]),
    "silent": ([], ["finalize"]),
    "finalized": (["reverse"], ["reverse"]),
    "reversed": ([], []),
    "declined": ([], []),
    "cancelled": ([], []),
    "expired": ([], []),
}
# The verb of the table that does a plain action.
PLAIN = {"edit": "retitle", "revise": "terms", "amend": "terms"}
ACTIONS = sorted({action for lists in ALLOWED.values() for actions in lists for action in actions})
EXCEPT = {"edit": {State.PROPOSED, State.ACCEPTED}}


@pytest.mark.parametrize("state", list(STATES))
def test_allowed_actions(state: str) -> None:
    transaction = STATES[state]()
    assert (transaction.allowed_actions(ADA, NOW), transaction.allowed_actions(BO, NOW)) == ALLOWED[state]
    assert transaction.allowed_actions(CY, NOW) == []
    assert transaction.standing(ADA, NOW) == {"state": transaction.state.value, "allowed_actions": ALLOWED[state][0]}


@pytest.mark.parametrize("actor", [ADA, BO, CY])
@pytest.mark.parametrize("state", list(STATES))
def test_what_is_offered_is_not_refused_and_what_is_possible_is_not_hidden(state: str, actor: str) -> None:
    offered = STATES[state]().allowed_actions(actor, NOW)
    for action in ACTIONS:
        transaction = STATES[state]()
        if transaction.state in EXCEPT.get(action, ()):
            continue  # Title and note can be edited then too, which is no step of the transaction's life.
        did = outcome_of(transaction, PLAIN.get(action, action), actor)
        named = {"deleted": "delete", "confirm": "finalize"}.get(did, did)
        assert (action in offered) == (named == action), (action, did)


@pytest.mark.parametrize(("state", "actor"), [(state, actor) for state in STATES for actor in (ADA, BO, CY)])
def test_looking_changes_nothing(state: str, actor: str) -> None:
    transaction = STATES[state]()
    before = copied(transaction)
    transaction.allowed_actions(actor, later(days=100))
    assert transaction == before


@pytest.mark.parametrize(("state", "action"), [("proposed", "revise"), ("accepted", "amend")])
def test_revisions_are_offered_while_there_are_any_left(state: str, action: str) -> None:
    transaction = STATES[state]()
    assert action in transaction.allowed_actions(ADA, NOW)
    for number in range(MOST_REVISIONS):
        transaction.change(ADA, {"legs": {"a": {"minutes": 75 + 15 * number}}}, NOW)
    assert transaction.allowed_actions(BO, NOW) == ["accept", "decline"]
    transaction.accept(BO, transaction.terms_rev, NOW)
    assert transaction.allowed_actions(BO, NOW) == ["cancel", "finalize"]
    assert outcome_of(transaction, "retitle", BO) == "edit"


def test_proposing_is_offered_when_the_draft_is_complete() -> None:
    assert draft({"legs": {"a": {"giver": ADA}}}).allowed_actions(ADA, NOW) == ["delete", "edit"]
    past = draft({**SWAP, "scheduled_for": later(hours=1)})
    assert past.allowed_actions(ADA, later(hours=1)) == ["delete", "edit"]


def test_a_draft_is_its_authors_alone_even_when_the_author_takes_no_part_yet() -> None:
    transaction = draft({"legs": {"a": leg(BO, CY)}})
    assert transaction.allowed_actions(ADA, NOW) == ["delete", "edit"]
    assert transaction.allowed_actions(BO, NOW) == transaction.allowed_actions(CY, NOW) == []


def test_participants_are_all_who_give_or_receive_the_author_first() -> None:
    transaction = draft({"legs": {"a": leg(BO, CY), "b": leg(CY, ADA)}})
    assert transaction.participants == (ADA, BO, CY)
    assert proposed(RING).participants == (ADA, BO, CY)


def test_what_is_due_is_either_its_expiry_or_its_finalization() -> None:
    due = {state: STATES[state]().due_at for state in STATES}
    open_ones = {"proposed": 14, "accepted": 60, "confirmed": 14, "unanswered": 0, "unconfirmed": 0, "silent": 0}
    assert due == {state: later(days=open_ones[state]) if state in open_ones else None for state in STATES}


def test_the_reason_is_the_last_that_was_given() -> None:
    assert replace(draft(), reasons={10: "last", 9: "before", 2: "first"}).reason == "last"
