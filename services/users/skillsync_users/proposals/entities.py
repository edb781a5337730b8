"""A proposed skill: its state and its verbs. Nothing here does I/O."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from skillsync_users.profiles.entities import searchable
from skillsync_users.proposals.errors import ProposalDecided, UnusableName

__all__ = ["MOST_APPROVED", "MOST_OPEN", "Proposal", "ProposalStatus", "slug_of"]

MOST_OPEN = 5
MOST_APPROVED = 1000
_LONGEST_SLUG = 64
_SHORTEST_SLUG = 2
_NEITHER_LETTER_NOR_DIGIT = re.compile(r"[^a-z0-9]+")


class ProposalStatus(StrEnum):
    """What has become of it."""

    OPEN = "open"
    APPROVED = "approved"
    DECLINED = "declined"


@dataclass(slots=True)
class Proposal:
    """A skill that a member misses in the catalogue."""

    id: str
    author: str | None
    slug: str
    category: str
    name: str
    created_at: datetime
    status: ProposalStatus = ProposalStatus.OPEN
    decided_at: datetime | None = None
    decided_by: str | None = None

    @classmethod
    def propose(cls, id: str, author: str, category: str, name: str, now: datetime) -> "Proposal":
        """A new, open one. Raises UnusableName."""
        return cls(id, author, slug_of(name), category, name, now)

    def decide(self, status: ProposalStatus, by: str, now: datetime) -> bool:
        """Approve or decline it; False when that was done before. Raises ProposalDecided when it was the other."""
        if self.status is status:
            return False
        if self.status is not ProposalStatus.OPEN:
            raise ProposalDecided(f"It was {self.status.value} already.")
        self.status, self.decided_by, self.decided_at = status, by, now
        return True

    @property
    def version(self) -> int:
        """It changes once, when it is decided."""
        return 1 if self.status is ProposalStatus.OPEN else 2

    @property
    def live_slug(self) -> str | None:
        """The slug while nobody else may propose it; None once it was declined."""
        return None if self.status is ProposalStatus.DECLINED else self.slug


def slug_of(name: str) -> str:
    """The name for machines: without case and accents, words joined by hyphens. Raises UnusableName."""
    slug = _NEITHER_LETTER_NOR_DIGIT.sub("-", searchable(name)).strip("-")[:_LONGEST_SLUG].strip("-")
    if len(slug) < _SHORTEST_SLUG:
        raise UnusableName.named()
    return slug
