"""A retry budget: when a dependency fails, retries are a tenth of the calls, not a multiple of them."""

__all__ = ["RESERVE", "RetryBudget"]

RESERVE = 10
_CALLS_FOR_A_RETRY = 10


class RetryBudget:
    """Each call earns a tenth of a retry; what is not spent is kept, up to `RESERVE` retries, and it begins with these.

    So a client that calls seldom may retry as well, and of any calls in a row, whatever their time, the attempts are at
    most 1.1 times the calls, and the reserve.
    """

    def __init__(self) -> None:
        # In tenths of a retry: whole numbers do not drift.
        self._saved = RESERVE * _CALLS_FOR_A_RETRY

    def earn(self) -> None:
        """A call begins."""
        self._saved = min(self._saved + 1, RESERVE * _CALLS_FOR_A_RETRY)

    def spend(self) -> bool:
        """Whether there may be a retry; if so, it is paid for."""
        if self._saved < _CALLS_FOR_A_RETRY:
            return False
        self._saved -= _CALLS_FOR_A_RETRY
        return True
