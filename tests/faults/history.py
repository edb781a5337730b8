"""What clients did and what they know of it: every attempt with its beginning, its end, and how it ended.

A client that hears nothing in time knows nothing: such an attempt may have been done, may be done later, or never.
"""

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Attempt", "History", "Outcome"]

Outcome = Literal["ok", "fail", "unknown"]


@dataclass
class Attempt:
    """One attempt at one operation at one process, which `at` is the URL of.

    `outcome` is None while it is under way; `detail` is a status or an error.
    """

    operation: str
    subject: str
    at: str
    invoked_at: float
    completed_at: float | None = None
    outcome: Outcome | None = None
    detail: str = ""

    def complete(self, outcome: Outcome, detail: str = "") -> None:
        """Note how it ended."""
        self.completed_at, self.outcome, self.detail = time.monotonic(), outcome, detail


@dataclass
class History:
    """All attempts, in the order in which they were begun."""

    attempts: list[Attempt] = field(default_factory=list)

    def invoke(self, operation: str, subject: str, at: str) -> Attempt:
        """Note that an attempt begins."""
        attempt = Attempt(operation, subject, at, time.monotonic())
        self.attempts.append(attempt)
        return attempt

    def outcomes(self) -> Counter[str]:
        """How many attempts ended how."""
        return Counter(str(attempt.outcome) for attempt in self.attempts)

    def details(self) -> Counter[str]:
        """How many attempts ended with which status or error, those that were not ok."""
        return Counter(attempt.detail for attempt in self.attempts if attempt.outcome != "ok")

    def acknowledged(self, operation: str = "finalize") -> set[str]:
        """The subjects whose operation somebody was told is done."""
        return {one.subject for one in self.attempts if one.outcome == "ok" and one.operation == operation}

    def hanging(self) -> int:
        """How many attempts never ended."""
        return sum(attempt.outcome is None for attempt in self.attempts)
