"""When time acts on a transaction, where nobody does."""

from datetime import datetime, timedelta

__all__ = ["FEWEST_DAYS_OPEN", "MOST_DAYS_OPEN", "USUAL_DAYS_OPEN", "exchange_end", "proposal_end", "silence_end"]

FEWEST_DAYS_OPEN, USUAL_DAYS_OPEN, MOST_DAYS_OPEN = 1, 14, 60
_AFTER_APPOINTMENT = timedelta(days=30)
_WITHOUT_APPOINTMENT = timedelta(days=60)
_SILENCE = timedelta(days=14)


def proposal_end(now: datetime, days_open: int, scheduled_for: datetime | None) -> datetime:
    """Until when a proposal may be answered: for its days, or to the appointment when that is sooner."""
    latest = now + timedelta(days=days_open)
    return min(latest, scheduled_for) if scheduled_for else latest


def exchange_end(now: datetime, scheduled_for: datetime | None) -> datetime:
    """Until when an exchange accepted now waits for a first confirmation."""
    return scheduled_for + _AFTER_APPOINTMENT if scheduled_for else now + _WITHOUT_APPOINTMENT


def silence_end(now: datetime) -> datetime:
    """When an exchange whose first confirmation is of now counts, unless somebody says otherwise."""
    return now + _SILENCE
