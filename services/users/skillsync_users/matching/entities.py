"""A direct match: somebody who offers what one wants, and wants what one offers. Nothing here does I/O."""

from dataclasses import dataclass

__all__ = ["MOST_MATCHES", "Match"]

MOST_MATCHES = 50


@dataclass(frozen=True, slots=True)
class Match:
    """Another member; the skills they offer that one wants, and those they want that one offers, by slug."""

    user: str
    display_name: str
    offers: tuple[str, ...]
    wants: tuple[str, ...]
