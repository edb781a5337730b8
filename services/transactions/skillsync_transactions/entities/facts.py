"""A transaction as its events tell it."""

from dataclasses import replace

from skillsync_transactions.entities.agreement import Agreement
from skillsync_transactions.entities.parts import State
from skillsync_transactions.entities.terms import leg_facts
from skillsync_transactions.events import TransactionAcceptedBy, TransactionEvent, TransactionRevised

__all__ = ["fact"]


def fact(
    it: Agreement, kind: type[TransactionEvent], by: str | None, before: State, revised: tuple[str, ...]
) -> TransactionEvent:
    """The event of that kind, told of a transaction as it stands now, which was in state `before`."""
    told = kind(
        transaction=it.id,
        by=by,
        author=it.author,
        participants=it.participants,
        from_state=before,
        # When the last yes makes it accepted, that yes itself came while it was proposed.
        to_state=before if kind is TransactionAcceptedBy else it.state,
        version=it.version,
        terms_rev=it.terms_rev,
        settlement=it.settlement,
        scheduled_for=it.scheduled_for,
        expires_at=it.expires_at,
        finalizes_at=it.finalizes_at,
        legs={key: leg_facts(leg) for key, leg in it.legs.items()},
    )
    return replace(told, changed=revised) if isinstance(told, TransactionRevised) else told
