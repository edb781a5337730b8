"""A member's account in minutes, and how a movement goes through the accounts it concerns."""

from collections.abc import Mapping
from dataclasses import dataclass

from skillsync_transactions.entities.hours import Movement
from skillsync_transactions.errors import NotEnoughHours
from skillsync_transactions.events import AccountSoftLimitCrossed

__all__ = ["DEFAULT_FLOOR", "Account", "apply"]

DEFAULT_FLOOR = -600


@dataclass(slots=True)
class Account:
    """What somebody has given less what they received, and what of it is held for exchanges to come; all in minutes."""

    owner: str
    balance: int = 0
    held: int = 0
    floor: int = DEFAULT_FLOOR
    event_sequence: int = 0

    @property
    def available(self) -> int:
        """What can still be agreed upon, down to the floor."""
        return self.balance - self.held

    @property
    def soft_limit(self) -> int:
        """Where the owner is warned: half way to the floor."""
        return self.floor // 2

    def require(self, minutes: int) -> None:
        """Check that as many minutes can be held. Raises NotEnoughHours, worded for the owner."""
        if self.available - minutes < self.floor:
            raise NotEnoughHours(f"You would fall under your limit of {self.floor} minutes.")

    def hold(self, minutes: int) -> None:
        """Reserve minutes. Raises NotEnoughHours, worded for the owner."""
        self.require(minutes)
        self.held += minutes

    def release(self, minutes: int) -> None:
        """Give held minutes back."""
        if minutes > self.held:
            raise RuntimeError(f"{minutes} minutes cannot be released where {self.held} are held")
        self.held -= minutes

    def post(self, minutes: int) -> None:
        """Count minutes given (positive) or received (negative). What was agreed is posted, whatever the floor."""
        self.balance += minutes


def apply(
    movement: Movement, accounts: Mapping[str, Account], actor: str | None
) -> tuple[AccountSoftLimitCrossed, ...]:
    """Let a movement go through the accounts of all its owners: released, then held, then posted.

    All or nothing: raises NotEnoughHours, worded for `actor`, before any account has changed. Returns an event for each
    account whose available hours fell under the soft limit.
    """
    _require_hours(movement, accounts, actor)
    before = {owner: accounts[owner].available for owner in movement.owners}
    for owner, minutes in movement.released.items():
        accounts[owner].release(minutes)
    for owner, minutes in movement.held.items():
        accounts[owner].hold(minutes)
    for posting in movement.postings:
        accounts[posting.account].post(posting.minutes)
    fallen = (_fallen(accounts[owner], available) for owner, available in before.items())
    return tuple(event for event in fallen if event)


def _require_hours(movement: Movement, accounts: Mapping[str, Account], actor: str | None) -> None:
    # The actor's own shortage comes first: it is the one that may be named.
    for owner in sorted(movement.held, key=lambda owner: (owner != actor, owner)):
        try:
            accounts[owner].require(movement.held[owner] - movement.released.get(owner, 0))
        except NotEnoughHours:
            if owner == actor:
                raise
            raise NotEnoughHours("A participant has not enough hours.") from None


def _fallen(account: Account, before: int) -> AccountSoftLimitCrossed | None:
    if not before >= account.soft_limit > account.available:
        return None
    return AccountSoftLimitCrossed(account.owner, before, account.available, account.soft_limit, account.floor)
