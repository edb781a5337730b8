"""How a transaction stands: what it holds, what can be known of it, and who may do what. Nothing here changes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from skillsync_transactions.entities.deadlines import USUAL_DAYS_OPEN
from skillsync_transactions.entities.parts import FORMER_MEMBER, Acceptance, Confirmation, Name, Revision, State
from skillsync_transactions.entities.terms import HOURS, Leg, Terms, participants_of
from skillsync_transactions.errors import InvalidTerms

__all__ = ["MOST_REVISIONS", "Agreement"]

MOST_REVISIONS = 10


@dataclass(slots=True)
class Agreement:
    """An exchange between two to eight people, as a set of legs: how it stands."""

    id: str
    author: str
    created_at: datetime
    updated_at: datetime
    state: State = State.DRAFT
    version: int = 1
    terms_rev: int = 1
    title: str = ""
    note: str = ""
    settlement: str = HOURS
    scheduled_for: datetime | None = None
    days_open: int = USUAL_DAYS_OPEN
    expires_at: datetime | None = None
    finalizes_at: datetime | None = None
    ended_by: str | None = None
    reverses_id: str | None = None
    reversed_by: str | None = None
    legs: Mapping[str, Leg] = field(default_factory=dict)
    acceptances: tuple[Acceptance, ...] = ()
    confirmations: tuple[Confirmation, ...] = ()
    revisions: tuple[Revision, ...] = ()
    names: Mapping[str, Name] = field(default_factory=dict)
    # What people gave as reasons, by the number of the history's entry.
    reasons: Mapping[int, str] = field(default_factory=dict)
    event_sequence: int = 0

    # --- what can be known of it ---

    @property
    def participants(self) -> tuple[str, ...]:
        """Everyone who gives or receives, the author first."""
        return tuple(sorted(participants_of(self.legs), key=lambda person: (person != self.author, person)))

    @property
    def terms(self) -> Terms:
        """What is said yes to."""
        return Terms(self.legs, self.scheduled_for, self.settlement)

    @property
    def due_at(self) -> datetime | None:
        """When time will act, if nobody does before; None when nothing is due by time."""
        return self.expires_at or self.finalizes_at

    @property
    def reason(self) -> str | None:
        """The last reason that somebody gave."""
        return self.reasons[max(self.reasons)] if self.reasons else None

    def forget(self, user: str) -> None:
        """Leave nothing that names one who takes part and was erased, or that they may have written.

        Whose word is in title, note and reasons is not kept, so they go too; numbers and states stay.
        """
        self.title = self.note = ""
        self.reasons = {}
        self.forget_name(user)

    def forget_name(self, user: str) -> None:
        """Let one who was erased be a former member by name."""
        if user in self.names:
            self.names = {**self.names, user: FORMER_MEMBER}

    def know(self, names: Mapping[str, Name]) -> None:
        """Keep these names too. Who was taken out of a draft leaves nothing of theirs behind."""
        known = {**self.names, **names}
        self.names = {user: name for user, name in known.items() if user in (self.author, *self.participants)}

    def allowed_actions(self, user: str, now: datetime) -> list[str]:
        """What `user` may do with it now, in alphabetical order."""
        if not self._concerns(user) or self._has_expired(now):
            return []
        possible = {
            "accept": self.state is State.PROPOSED and not self._has_accepted(user),
            "amend": self._is_unconfirmed() and self._may_be_revised(),
            "cancel": self._may_be_cancelled(user, now),
            "decline": self.state is State.PROPOSED and user != self.author,
            "delete": self.state is State.DRAFT,
            "edit": self.state is State.DRAFT,
            "finalize": self.state is State.ACCEPTED and not self._has_confirmed(user),
            "propose": self.state is State.DRAFT and self._is_complete(now),
            "reverse": self.state is State.FINALIZED and not self.reversed_by,
            "revise": self.state is State.PROPOSED and self._may_be_revised(),
        }
        return [action for action, is_possible in possible.items() if is_possible]

    def standing(self, user: str, now: datetime) -> dict[str, Any]:
        """What every refusal tells besides its cause: the state, and what is allowed instead."""
        return {"state": self.state.value, "allowed_actions": self.allowed_actions(user, now)}

    # --- questions ---

    def _concerns(self, user: str) -> bool:
        return user == self.author if self.state is State.DRAFT else user in participants_of(self.legs)

    def _has_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and now >= self.expires_at

    def _has_accepted(self, user: str) -> bool:
        return any(a.user == user and a.terms_rev == self.terms_rev for a in self.acceptances)

    def _has_confirmed(self, user: str) -> bool:
        return any(c.user == user and c.terms_rev == self.terms_rev for c in self.confirmations)

    def _is_unconfirmed(self) -> bool:
        """Whether it is accepted, and nobody has confirmed yet that it took place."""
        return self.state is State.ACCEPTED and not self.confirmations

    def _may_be_revised(self) -> bool:
        return len(self.revisions) < MOST_REVISIONS

    def _may_be_cancelled(self, user: str, now: datetime) -> bool:
        if self.state is State.PROPOSED:
            return user == self.author
        is_done = self.finalizes_at is not None and now >= self.finalizes_at
        return self.state is State.ACCEPTED and not is_done

    def _is_complete(self, now: datetime) -> bool:
        try:
            self.terms.require_complete(self.author, now)
        except InvalidTerms:
            return False
        return True

    def _received_by_all(self) -> bool:
        """Whether enough receivers have confirmed: one of two participants, every one of more."""
        confirmed = {confirmation.user for confirmation in self.confirmations}
        receivers = {leg.receiver for leg in self.legs.values()}
        return bool(receivers & confirmed) if len(self.participants) == 2 else receivers <= confirmed
