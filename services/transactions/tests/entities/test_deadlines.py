"""What time does where nobody does anything, and that guards read the clock themselves."""

from datetime import timedelta

import pytest

from skillsync_transactions.entities import State
from skillsync_transactions.errors import InvalidTerms, WrongState

from .examples import ADA, BO, CY, GIFT, NOW, RING, accepted, confirmed, done, draft, later, proposed

A_MOMENT = timedelta(microseconds=1)


def test_a_proposal_is_open_for_fourteen_days_or_as_many_as_its_author_says() -> None:
    assert proposed().expires_at == later(days=14)
    for days in (1, 60):
        transaction = draft()
        transaction.propose(ADA, NOW, open_proposals=0, days_open=days)
        assert (transaction.expires_at, transaction.days_open) == (later(days=days), days)


def test_a_proposal_expires_at_its_appointment_if_that_is_sooner() -> None:
    assert proposed({**GIFT, "scheduled_for": later(days=3)}).expires_at == later(days=3)
    assert proposed({**GIFT, "scheduled_for": later(days=30)}).expires_at == later(days=14)


def test_a_revision_starts_the_days_anew_by_the_same_rule() -> None:
    transaction = draft()
    transaction.propose(ADA, NOW, open_proposals=0, days_open=3)
    transaction.change(BO, {"legs": {"a": {"minutes": 90}}}, later(days=2))
    assert transaction.expires_at == later(days=5)
    transaction.change(BO, {"scheduled_for": later(days=4)}, later(days=2))
    assert transaction.expires_at == later(days=4)
    transaction.change(ADA, {"title": "Another"}, later(days=3))
    assert transaction.expires_at == later(days=4)


def test_an_amendment_starts_them_anew_too() -> None:
    transaction = accepted()
    transaction.change(BO, {"legs": {"a": {"minutes": 90}}}, later(days=50))
    assert (transaction.expires_at, transaction.finalizes_at) == (later(days=64), None)


def test_an_amendment_after_the_appointment_names_another() -> None:
    transaction = accepted({**GIFT, "scheduled_for": later(days=3)})
    with pytest.raises(InvalidTerms, match="future") as refused:
        transaction.change(BO, {"legs": {"a": {"minutes": 90}}}, later(days=4))
    assert refused.value.errors[0].pointer == "/scheduled_for"
    changes = {"legs": {"a": {"minutes": 90}}, "scheduled_for": None}
    assert done(transaction.change(BO, changes, later(days=4))).action == "amend"  # type: ignore[arg-type]


def test_what_was_accepted_waits_for_a_confirmation() -> None:
    assert accepted().expires_at == later(days=60)
    assert accepted({**GIFT, "scheduled_for": later(days=3)}).expires_at == later(days=33)


def test_the_first_confirmation_starts_fourteen_days_of_silence() -> None:
    transaction = accepted({**RING, "scheduled_for": later(days=3)})
    transaction.finalize(BO, 1, later(days=1))
    transaction.finalize(CY, 1, later(days=2))
    assert (transaction.expires_at, transaction.finalizes_at) == (None, later(days=15))


@pytest.mark.parametrize("answer", ["accept", "decline", "change", "cancel", "propose"])
def test_a_late_answer_is_refused_before_any_sweeper_has_run(answer: str) -> None:
    actor = ADA if answer in ("cancel", "propose") else BO
    arguments = {"accept": (1,), "decline": (None,), "cancel": (None,), "change": ({"title": "x"},), "propose": ()}
    more = {"open_proposals": 0} if answer == "propose" else {}
    transaction = proposed()
    with pytest.raises(WrongState, match="expired") as refused:
        getattr(transaction, answer)(actor, *arguments[answer], later(days=14), **more)
    assert refused.value.extra == {"state": "proposed", "allowed_actions": []}
    getattr(transaction, answer)(actor, *arguments[answer], later(days=14) - A_MOMENT, **more)


def test_a_late_finalization_is_refused_too() -> None:
    transaction = accepted()
    with pytest.raises(WrongState, match="expired"):
        transaction.finalize(BO, 1, later(days=60))
    assert done(transaction.finalize(BO, 1, later(days=60) - A_MOMENT)).action == "finalize"


def test_after_the_silence_it_can_be_finalized_and_not_cancelled() -> None:
    with pytest.raises(WrongState):
        confirmed().cancel(BO, "No.", later(days=14))
    assert done(confirmed().cancel(BO, "No.", later(days=14) - A_MOMENT)).action == "cancel"
    assert done(confirmed().finalize(BO, 1, later(days=20))).actor == BO


@pytest.mark.parametrize(
    ("it", "due", "before", "after", "event"),
    [
        (proposed, 14, State.PROPOSED, State.EXPIRED, "transaction.expired.v1"),
        (accepted, 60, State.ACCEPTED, State.EXPIRED, "transaction.expired.v1"),
        (confirmed, 14, State.ACCEPTED, State.FINALIZED, "transaction.finalized.v1"),
    ],
)
def test_time_acts_at_the_moment_it_is_due_and_once(it, due, before, after, event) -> None:  # type: ignore[no-untyped-def]
    transaction = it()
    untouched = it()
    assert transaction.pass_time(later(days=due) - A_MOMENT) is None
    assert transaction == untouched
    change = done(transaction.pass_time(later(days=due)))
    assert (change.from_state, change.to_state, transaction.state) == (before, after, after)
    assert (change.actor, [(e.type, e.by) for e in change.events]) == (None, [(event, None)])
    assert change.action == {"expired": "expire", "finalized": "finalize"}[after.value]
    assert (transaction.due_at, transaction.ended_by, transaction.version) == (None, None, untouched.version + 1)
    assert transaction.pass_time(later(days=due)) is None


def test_nothing_is_ever_due_of_a_draft() -> None:
    assert draft({**GIFT, "scheduled_for": later(days=1)}).pass_time(later(days=1000)) is None


def test_an_appointment_lies_in_the_future() -> None:
    with pytest.raises(InvalidTerms, match="future"):
        draft({**GIFT, "scheduled_for": NOW})
    transaction = draft({**GIFT, "scheduled_for": later(hours=1)})
    with pytest.raises(InvalidTerms, match="future"):
        transaction.propose(ADA, later(hours=1), open_proposals=0)
    assert transaction.change(ADA, {"title": "Another"}, later(hours=1)) is not None
