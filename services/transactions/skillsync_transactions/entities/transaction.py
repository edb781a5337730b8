"""The transaction's verbs, which lead from one state to the next.

Each verb takes who acts and the time, refuses loudly what is not allowed, and returns the `Change` it made. A verb that
repeats its caller's own completed action, which still stands, returns None: nothing changed. A verb that refuses leaves
everything as it was, and its refusal tells the state and what is allowed instead. Nothing here does I/O.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from skillsync_kit.errors import Failure
from skillsync_transactions.entities import hours
from skillsync_transactions.entities.agreement import MOST_REVISIONS, Agreement
from skillsync_transactions.entities.deadlines import (
    FEWEST_DAYS_OPEN,
    MOST_DAYS_OPEN,
    USUAL_DAYS_OPEN,
    exchange_end,
    proposal_end,
    silence_end,
)
from skillsync_transactions.entities.facts import fact
from skillsync_transactions.entities.hours import Movement
from skillsync_transactions.entities.parts import Acceptance, Change, Confirmation, Revision, State
from skillsync_transactions.entities.terms import Changes, Terms, differences, leg_as_dict, participants_of
from skillsync_transactions.errors import (
    AlreadyReversed,
    InvalidTerms,
    NotYours,
    ReasonRequired,
    TermsChanged,
    TooManyOpenProposals,
    WrongState,
)
from skillsync_transactions.events import (
    TransactionAccepted,
    TransactionAcceptedBy,
    TransactionCancelled,
    TransactionConfirmed,
    TransactionDeclined,
    TransactionEvent,
    TransactionExpired,
    TransactionFinalized,
    TransactionProposed,
    TransactionRevised,
)

__all__ = ["MOST_OPEN_PROPOSALS", "Transaction"]

MOST_OPEN_PROPOSALS = 20
# Where what somebody agreed to still stands, so that agreeing once more is no change.
_STANDING = (State.PROPOSED, State.ACCEPTED, State.FINALIZED)


@dataclass(slots=True)
class Transaction(Agreement):
    """An exchange between two to eight people, as a set of legs, and what people and time do with it."""

    # --- the verbs ---

    @classmethod
    def draft(cls, id: str, author: str, changes: Changes, now: datetime) -> tuple["Transaction", Change]:
        """A new draft, which its author alone sees. It may be incomplete."""
        transaction = cls(id=id, author=author, created_at=now, updated_at=now)
        transaction._take(changes, transaction.terms.merged(changes, now))
        return transaction, Change(1, author, "create", None, State.DRAFT, (), now)

    def change(self, by: str, changes: Changes, now: datetime) -> Change | None:
        """Edit a draft; once proposed, revise the terms (a counter-offer), or amend what was accepted.

        Title and note are no terms: to edit them leaves the state and what was said yes to.
        """
        with self._explained(by, now):
            self._require_part(by, now)
            self._require_changeable()
            terms = self.terms.merged(changes, now)
            revised = differences(self.terms.by_pointer(), terms.by_pointer())
            if revised and self.state is not State.DRAFT:
                self._require_agreeable(terms, now)
                return self._revise(by, changes, terms, revised, now)
            return self._edit(by, changes, terms, revised, now)

    def delete(self, by: str, now: datetime) -> None:
        """Check that the draft may be taken away."""
        with self._explained(by, now):
            self._require_part(by, now)
            self._require_state(State.DRAFT, "Only a draft can be deleted.")

    def propose(
        self, by: str, now: datetime, *, open_proposals: int, days_open: int = USUAL_DAYS_OPEN
    ) -> Change | None:
        """Make the draft known to the other participants. The author accepts by proposing."""
        with self._explained(by, now):
            self._require_part(by, now)
            if by == self.author and self.state in _STANDING:
                return None
            self._require_state(State.DRAFT, "Only a draft can be proposed.")
            _require_days(days_open)
            self.terms.require_complete(self.author, now)
            _require_room(open_proposals)
            return self._open(by, now, days_open)

    def accept(self, by: str, terms_rev: int, now: datetime) -> Change | None:
        """Say yes to the terms of `terms_rev`. The last participant's yes makes it accepted, and the hours are held."""
        with self._explained(by, now):
            self._require_part(by, now)
            if self.state in (State.PROPOSED, State.ACCEPTED):
                self._require_terms(terms_rev)
            if self.state in _STANDING and terms_rev == self.terms_rev and self._has_accepted(by):
                return None
            self._require_state(State.PROPOSED, "Only a proposed transaction can be accepted.")
            return self._agree(by, now)

    def decline(self, by: str, reason: str | None, now: datetime) -> Change | None:
        """Say no to a proposal. Its author cancels instead."""
        with self._explained(by, now):
            self._require_part(by, now)
            if self.state is State.DECLINED and by == self.ended_by:
                return None
            self._require_state(State.PROPOSED, "Only a proposed transaction can be declined.")
            if by == self.author:
                raise NotYours("The author of a proposal cancels it instead.")
            return self._end(by, "decline", State.DECLINED, TransactionDeclined, now, reason)

    def cancel(self, by: str, reason: str | None, now: datetime) -> Change | None:
        """Take a proposal back, or call an accepted exchange off, which needs a reason; the hours are released."""
        with self._explained(by, now):
            self._require_part(by, now)
            if self.state is State.CANCELLED and by == self.ended_by:
                return None
            if self.state is State.PROPOSED and by != self.author:
                raise NotYours("Only its author may cancel a proposal. Decline it instead.")
            if not self._may_be_cancelled(by, now):
                raise WrongState("Only what is proposed, or accepted and not yet done, can be cancelled.")
            if self.state is State.ACCEPTED and not _words(reason):
                raise ReasonRequired
            return self._end(by, "cancel", State.CANCELLED, TransactionCancelled, now, reason)

    def finalize(self, by: str, terms_rev: int, now: datetime) -> Change | None:
        """Say that the exchange took place. Receivers' word counts; one who only gives confirms."""
        with self._explained(by, now):
            self._require_part(by, now)
            if self.state in _STANDING and terms_rev == self.terms_rev and self._has_confirmed(by):
                return None
            self._require_state(State.ACCEPTED, "Only an accepted transaction can be finalized.")
            self._require_terms(terms_rev)
            self.confirmations = (*self.confirmations, Confirmation(by, terms_rev, now))
            return self._settle(by, now) if self._received_by_all() else self._confirm(by, now)

    def lose(self, user: str, now: datetime) -> Change | None:
        """Call it off, for a participant is erased; the hours are released. None when it is a draft, or over."""
        change = None
        if self.state in (State.PROPOSED, State.ACCEPTED):
            change = self._end(None, "cancel", State.CANCELLED, TransactionCancelled, now)
        self.forget(user)
        return change

    def pass_time(self, now: datetime) -> Change | None:
        """Do what is due by time: finalize after a confirmation and silence, else expire. None when nothing is due."""
        if self.due_at is None or now < self.due_at:
            return None
        if self.finalizes_at:
            return self._settle(None, now)
        return self._end(None, "expire", State.EXPIRED, TransactionExpired, now)

    def reverse(
        self, id: str, by: str, reason: str, now: datetime, *, open_proposals: int
    ) -> tuple["Transaction", tuple[Change, Change]]:
        """Propose to undo it: a new transaction `id` with the legs turned round, which lives the normal life."""
        with self._explained(by, now):
            self._require_part(by, now)
            self._require_state(State.FINALIZED, "Only a finalized transaction can be reversed.")
            if self.reversed_by:
                raise AlreadyReversed("There is a reversal of it already.", extra={"reversed_by": self.reversed_by})
            if not _words(reason):
                raise ReasonRequired
            _require_room(open_proposals)
        reversal = Transaction(
            id=id,
            author=by,
            created_at=now,
            updated_at=now,
            title=self.title,
            settlement=self.settlement,
            reverses_id=self.id,
            legs={key: leg.turned_round() for key, leg in self.legs.items()},
            names=dict(self.names),
        )
        created = Change(1, by, "create", None, State.DRAFT, (), now)
        return reversal, (created, reversal._open(by, now, USUAL_DAYS_OPEN, reason))

    # --- guards: each raises, and changes nothing ---

    @contextmanager
    def _explained(self, by: str, now: datetime) -> Iterator[None]:
        """Let every refusal tell the state and what is allowed instead."""
        try:
            yield
        except Failure as refusal:
            refusal.extra = {**self.standing(by, now), **refusal.extra}
            raise

    def _require_part(self, by: str, now: datetime) -> None:
        if not self._concerns(by):
            raise NotYours("Only those who take part may do this; of a draft, only its author.")
        # The guard reads the clock itself: who comes late is refused before any sweeper has run.
        if self._has_expired(now):
            raise WrongState("The transaction has expired.")

    def _require_state(self, state: State, otherwise: str) -> None:
        if self.state is not state:
            raise WrongState(otherwise)

    def _require_changeable(self) -> None:
        if self.state not in (State.DRAFT, State.PROPOSED) and not self._is_unconfirmed():
            raise WrongState("Only what is not yet confirmed can be changed.")

    def _require_agreeable(self, terms: Terms, now: datetime) -> None:
        """Check that the others may be asked to say yes to these other terms."""
        if not self._may_be_revised():
            raise WrongState(f"The terms can be revised {MOST_REVISIONS} times.")
        if participants_of(terms.legs) != participants_of(self.legs):
            raise InvalidTerms.at("/legs", "a revision changes the terms, not who takes part")
        terms.require_complete(self.author, now)

    def _require_terms(self, terms_rev: int) -> None:
        if terms_rev == self.terms_rev:
            return
        newer = (revision for revision in self.revisions if revision.terms_rev > terms_rev)
        raise TermsChanged(
            "Read the present terms before you agree to them.",
            extra={
                "terms_rev": self.terms_rev,
                "changed": sorted({pointer for revision in newer for pointer in revision.changed}),
                "legs": {key: leg_as_dict(leg) for key, leg in self.legs.items()},
                "scheduled_for": self.scheduled_for.isoformat() if self.scheduled_for else None,
                "settlement": self.settlement,
            },
        )

    # --- what the verbs do, once nothing is in the way ---

    def _edit(self, by: str, changes: Changes, terms: Terms, revised: tuple[str, ...], now: datetime) -> Change | None:
        """Title and note; in a draft the terms too. Nobody has to be told."""
        changed = self._take(changes, terms) + revised
        if not changed:
            return None
        self.terms_rev += bool(revised)
        return self._record(by, "edit", self.state, now, changed=changed)

    def _revise(self, by: str, changes: Changes, terms: Terms, revised: tuple[str, ...], now: datetime) -> Change:
        """Other terms: the editor says yes to them by that, and everybody else is asked again."""
        before = self.state
        movement = hours.release(self.terms) if before is State.ACCEPTED else None
        changed = self._take(changes, terms) + revised
        self.terms_rev += 1
        self.revisions = (*self.revisions, Revision(self.terms_rev, by, revised))
        self.acceptances = (Acceptance(by, self.terms_rev, now),)
        self._enter(State.PROPOSED, expires_at=proposal_end(now, self.days_open, self.scheduled_for))
        action = "amend" if before is State.ACCEPTED else "revise"
        return self._record(
            by, action, before, now, TransactionRevised, changed=changed, revised=revised, movement=movement
        )

    def _open(self, by: str, now: datetime, days_open: int, reason: str | None = None) -> Change:
        self.days_open = days_open
        self.acceptances = (Acceptance(by, self.terms_rev, now),)
        self._enter(State.PROPOSED, expires_at=proposal_end(now, days_open, self.scheduled_for))
        return self._record(by, "propose", State.DRAFT, now, TransactionProposed, reason=reason)

    def _agree(self, by: str, now: datetime) -> Change:
        self.acceptances = (*self.acceptances, Acceptance(by, self.terms_rev, now))
        if len(self.acceptances) < len(self.participants):
            return self._record(by, "accept", State.PROPOSED, now, TransactionAcceptedBy)
        self._enter(State.ACCEPTED, expires_at=exchange_end(now, self.scheduled_for))
        told = (TransactionAcceptedBy, TransactionAccepted)
        return self._record(by, "accept", State.PROPOSED, now, *told, movement=hours.hold(self.terms))

    def _confirm(self, by: str, now: datetime) -> Change:
        self._enter(State.ACCEPTED, finalizes_at=self.finalizes_at or silence_end(now))
        return self._record(by, "confirm", State.ACCEPTED, now, TransactionConfirmed)

    def _settle(self, by: str | None, now: datetime) -> Change:
        self._enter(State.FINALIZED)
        return self._record(by, "finalize", State.ACCEPTED, now, TransactionFinalized, movement=hours.post(self.terms))

    def _end(
        self,
        by: str | None,
        action: str,
        state: State,
        told: type[TransactionEvent],
        now: datetime,
        reason: str | None = None,
    ) -> Change:
        before = self.state
        movement = hours.release(self.terms) if before is State.ACCEPTED else None
        self.ended_by = by
        self._enter(state)
        return self._record(by, action, before, now, told, reason=reason, movement=movement)

    def _take(self, changes: Changes, terms: Terms) -> tuple[str, ...]:
        """Put changes in that were found good. The JSON pointers of the texts that differ by them."""
        before = _texts(self)
        self.title = changes.get("title", self.title) or ""
        self.note = changes.get("note", self.note) or ""
        self.legs, self.scheduled_for, self.settlement = terms.legs, terms.scheduled_for, terms.settlement
        return differences(before, _texts(self))

    def _enter(self, state: State, *, expires_at: datetime | None = None, finalizes_at: datetime | None = None) -> None:
        self.state, self.expires_at, self.finalizes_at = state, expires_at, finalizes_at

    def _record(
        self,
        by: str | None,
        action: str,
        before: State,
        now: datetime,
        *told: type[TransactionEvent],
        changed: tuple[str, ...] = (),
        revised: tuple[str, ...] = (),
        reason: str | None = None,
        movement: Movement | None = None,
    ) -> Change:
        """Count the change, and tell of it: one history entry, and the events in their order."""
        self.version += 1
        self.updated_at = now
        if words := _words(reason):
            self.reasons = {**self.reasons, self.version: words}
        events = tuple(fact(self, kind, by, before, revised) for kind in told)
        return Change(self.version, by, action, before, self.state, changed, now, events, movement)


def _require_days(days_open: int) -> None:
    if not FEWEST_DAYS_OPEN <= days_open <= MOST_DAYS_OPEN:
        raise InvalidTerms.at("/expires_after_days", f"must be {FEWEST_DAYS_OPEN} to {MOST_DAYS_OPEN} days")


def _require_room(open_proposals: int) -> None:
    if open_proposals >= MOST_OPEN_PROPOSALS:
        raise TooManyOpenProposals(f"At most {MOST_OPEN_PROPOSALS} of your proposals may be open at once.")


def _texts(transaction: Transaction) -> dict[str, str]:
    return {"/title": transaction.title, "/note": transaction.note}


def _words(reason: str | None) -> str:
    return (reason or "").strip()
