"""The terms: how they change, which rules they keep, and that nobody is bound to terms they did not read."""

import pytest

from skillsync_transactions.entities import Changes, State
from skillsync_transactions.errors import IncompleteTransaction, InvalidTerms, TermsChanged, WrongState

from .examples import ADA, BO, CY, GIFT, NOW, RING, SWAP, accepted, copied, done, draft, later, leg, proposed

HERE = {"state": "proposed", "allowed_actions": ["accept", "decline", "revise"]}


@pytest.mark.parametrize("by", [ADA, BO])
def test_a_counter_offer_clears_every_other_acceptance(by: str) -> None:
    transaction = proposed(RING)
    transaction.accept(BO, 1, NOW)
    change = done(transaction.change(by, {"legs": {"a": {"minutes": 90}}}, NOW))
    assert (change.action, change.changed) == ("revise", ("/legs/a/minutes",))
    assert (transaction.terms_rev, [(a.user, a.terms_rev) for a in transaction.acceptances]) == (2, [(by, 2)])


def test_an_amendment_asks_everybody_again() -> None:
    transaction = accepted(RING)
    change = done(transaction.change(CY, {"legs": {"a": {"minutes": 90}}}, NOW))
    assert (change.action, change.from_state, change.to_state) == ("amend", State.ACCEPTED, State.PROPOSED)
    (event,) = change.events
    assert (event.type, event.from_state, event.to_state) == ("transaction.revised.v1", "accepted", "proposed")
    assert event.data()["changed"] == ["/legs/a/minutes"]
    assert [(a.user, a.terms_rev) for a in transaction.acceptances] == [(CY, 2)]
    for person in (ADA, BO):
        transaction.accept(person, 2, NOW)
    assert State(transaction.state) is State.ACCEPTED


def test_title_and_note_are_no_terms() -> None:
    for transaction in (proposed(), accepted()):
        before = copied(transaction)
        change = done(transaction.change(BO, {"title": "Strings for verbs", "note": "On Sunday?"}, NOW))
        assert (change.action, change.changed, change.events) == ("edit", ("/note", "/title"), ())
        assert (transaction.state, transaction.terms, transaction.terms_rev) == (before.state, before.terms, 1)
        assert (transaction.acceptances, transaction.due_at) == (before.acceptances, before.due_at)


def test_words_and_terms_changed_together_are_one_revision() -> None:
    transaction = proposed()
    change = done(transaction.change(BO, {"title": "Longer", "legs": {"a": {"minutes": 90}}}, NOW))
    assert (change.action, change.changed) == ("revise", ("/title", "/legs/a/minutes"))
    assert change.events[0].data()["changed"] == ["/legs/a/minutes"]
    assert "Longer" not in str(change)


def test_the_terms_of_a_draft_are_counted_too() -> None:
    transaction = draft()
    transaction.change(ADA, {"legs": {"a": {"minutes": 90}}}, NOW)
    transaction.change(ADA, {"note": "On Sunday?"}, NOW)
    assert (transaction.terms_rev, transaction.version, transaction.revisions) == (2, 3, ())


def test_what_is_left_out_stays_and_null_clears() -> None:
    transaction = draft({**SWAP, "note": "n", "settlement": "none", "scheduled_for": later(days=1)})
    transaction.change(ADA, {"legs": {"b": None, "a": {"skill": None}, "c": {"giver": CY}}}, NOW)
    legs = {key: (part.giver, part.receiver, part.skill, part.minutes) for key, part in transaction.legs.items()}
    assert legs == {"a": (ADA, BO, None, 60), "c": (CY, None, None, None)}
    transaction.change(ADA, {"title": None, "note": None, "settlement": None, "scheduled_for": None, "legs": None}, NOW)
    assert (transaction.title, transaction.note, transaction.settlement) == ("", "", "hours")
    assert (transaction.scheduled_for, transaction.legs) == (None, {})


def test_hours_are_counted_unless_somebody_says_otherwise() -> None:
    assert draft().settlement == "hours"
    transaction = proposed()
    assert done(transaction.change(BO, {"settlement": "none"}, NOW)).action == "revise"
    with pytest.raises(InvalidTerms, match="hours or none") as refused:
        transaction.change(BO, {"settlement": "gold"}, NOW)
    assert refused.value.errors[0].pointer == "/settlement"


def test_a_stale_acceptance_names_the_new_terms_and_what_changed() -> None:
    transaction = proposed(SWAP)
    transaction.change(ADA, {"legs": {"b": {"minutes": 90}}}, NOW)
    transaction.change(ADA, {"scheduled_for": later(days=2)}, NOW)
    with pytest.raises(TermsChanged) as refused:
        transaction.accept(BO, 1, NOW)
    extra = refused.value.extra
    assert extra.items() >= HERE.items()
    assert (extra["terms_rev"], extra["changed"]) == (3, ["/legs/b/minutes", "/scheduled_for"])
    assert extra["legs"]["b"] == {**leg(BO, ADA, 90, "german")}
    assert (extra["scheduled_for"], extra["settlement"]) == (later(days=2).isoformat(), "hours")
    with pytest.raises(TermsChanged) as of_the_second:
        transaction.accept(BO, 2, NOW)
    assert of_the_second.value.extra["changed"] == ["/scheduled_for"]


@pytest.mark.parametrize("terms_rev", [0, 7])
def test_terms_that_never_were_are_refused_too(terms_rev: int) -> None:
    for transaction, verb in ((proposed(), "accept"), (accepted(), "accept"), (accepted(), "finalize")):
        before = copied(transaction)
        with pytest.raises(TermsChanged):
            getattr(transaction, verb)(BO, terms_rev, NOW)
        assert transaction == before


def test_a_revision_changes_the_terms_not_the_people() -> None:
    for transaction in (proposed(SWAP), accepted(SWAP)):
        before = copied(transaction)
        with pytest.raises(InvalidTerms, match="not who takes part") as refused:
            transaction.change(BO, {"legs": {"b": {"giver": CY}}}, NOW)
        assert refused.value.extra == before.standing(BO, NOW)
        assert transaction == before
    with pytest.raises(InvalidTerms, match="not who takes part"):
        proposed(RING).change(BO, {"legs": {"c": None, "b": {"receiver": ADA}}}, NOW)


def test_a_revision_leaves_the_terms_complete() -> None:
    transaction = proposed(SWAP)
    with pytest.raises(IncompleteTransaction):
        transaction.change(BO, {"title": "Lost", "legs": {"b": {"minutes": None}}}, NOW)
    assert transaction == proposed(SWAP)


def test_ten_revisions_and_no_more() -> None:
    transaction = proposed()
    for number in range(10):
        transaction.change(BO, {"legs": {"a": {"minutes": 75 + 15 * number}}}, NOW)
    with pytest.raises(WrongState, match="10 times") as refused:
        transaction.change(ADA, {"legs": {"a": {"minutes": 15}}}, NOW)
    assert refused.value.extra == {"state": "proposed", "allowed_actions": ["accept", "cancel"]}


def test_amendments_count_among_the_revisions() -> None:
    transaction = accepted()
    for number in range(10):
        transaction.change(BO, {"legs": {"a": {"minutes": 75 + 15 * number}}}, NOW)
        transaction.accept(ADA, transaction.terms_rev, NOW)
    assert (len(transaction.revisions), transaction.state) == (10, State.ACCEPTED)
    with pytest.raises(WrongState, match="10 times"):
        transaction.change(ADA, {"legs": {"a": {"minutes": 15}}}, NOW)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"legs": None}, "/legs"),
        ({"legs": {"a": {"receiver": None}}}, "/legs/a/receiver"),
        ({"legs": {"a": {"skill": None}}}, "/legs/a/skill"),
        ({"legs": {"a": {"minutes": None}}}, "/legs/a/minutes"),
        ({"legs": {"c": {}}}, "/legs/c/giver"),
    ],
)
def test_a_draft_may_be_incomplete_but_not_be_proposed(changes: Changes, pointer: str) -> None:
    transaction = draft()
    transaction.change(ADA, changes, NOW)
    before = copied(transaction)
    with pytest.raises(IncompleteTransaction) as refused:
        transaction.propose(ADA, NOW, open_proposals=0)
    assert refused.value.errors[0].pointer == pointer
    assert refused.value.extra == {"state": "draft", "allowed_actions": ["delete", "edit"]}
    assert transaction == before


def test_the_author_must_take_part() -> None:
    transaction = draft({"legs": {"a": leg(BO, CY)}})
    with pytest.raises(InvalidTerms, match="the author must"):
        transaction.propose(ADA, NOW, open_proposals=0)


@pytest.mark.parametrize(
    ("part", "pointer"),
    [
        ({"receiver": ADA}, "/legs/a/receiver"),
        ({"minutes": 0}, "/legs/a/minutes"),
        ({"minutes": 16}, "/legs/a/minutes"),
        ({"minutes": 6015}, "/legs/a/minutes"),
    ],
)
def test_even_a_draft_keeps_to_the_rules_of_a_leg(part: dict[str, object], pointer: str) -> None:
    transaction = draft()
    with pytest.raises(InvalidTerms) as refused:
        transaction.change(ADA, {"title": "Lost", "legs": {"a": part}}, NOW)  # type: ignore[dict-item]
    assert refused.value.errors[0].pointer == pointer
    assert transaction == draft()


@pytest.mark.parametrize("minutes", [15, 6000])
def test_the_shortest_and_the_longest_leg(minutes: int) -> None:
    assert draft().change(ADA, {"legs": {"a": {"minutes": minutes}}}, NOW) is not None


def test_eight_people_are_the_most() -> None:
    people = [ADA, *(f"p{number}" for number in range(8))]
    ring: Changes = {"legs": {f"l{n}": leg(people[n], people[(n + 1) % 8]) for n in range(8)}}
    assert len(draft(ring).participants) == 8
    with pytest.raises(InvalidTerms, match="at most 8 people"):
        draft(ring).change(ADA, {"legs": {"x": {"giver": people[8]}}}, NOW)


def test_sixteen_legs_are_the_most() -> None:
    legs = {f"l{number}": leg(ADA, BO) for number in range(16)}
    assert len(draft({"legs": legs}).legs) == 16
    with pytest.raises(InvalidTerms, match="at most 16 legs"):
        draft({**GIFT, "legs": {**legs, "x": leg(ADA, BO)}})
