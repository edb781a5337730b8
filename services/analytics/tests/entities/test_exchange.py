"""What is known of an exchange does not depend on the order in which it was heard."""

import itertools
from datetime import UTC, datetime, timedelta
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from skillsync_analytics.entities.exchange import Exchange

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def told(sequence: int, minutes: int, **moments: int | str) -> Exchange:
    known = {name: NOON + timedelta(minutes=at) for name, at in moments.items() if isinstance(at, int)}
    ending = moments.get("ending")
    at = NOON + timedelta(minutes=sequence)
    return Exchange("id", sequence, "hours", minutes, at, ending=str(ending) if ending else None, **known)


LIFE = [
    told(1, 60, proposed_at=0),
    told(2, 90),
    told(3, 90, accepted_at=30),
    told(4, 45),
    told(5, 45, accepted_at=50),
    told(6, 45, ended_at=90, ending="finalized"),
]


def test_every_order_leads_to_the_same() -> None:
    for order in itertools.permutations(LIFE):
        known = reduce(Exchange.joined, order)
        assert (known.minutes, known.ending, known.sequence) == (45, "finalized", 6)
        assert (known.accept_seconds, known.finalize_seconds) == (30 * 60, 90 * 60)


@given(st.lists(st.sampled_from(LIFE), min_size=1, max_size=9))
def test_hearing_it_again_changes_nothing(heard: list[Exchange]) -> None:
    known = reduce(Exchange.joined, heard)
    assert reduce(Exchange.joined, heard, known) == known


def test_an_exchange_that_was_called_off_took_no_time_to_be_finalized() -> None:
    known = reduce(Exchange.joined, [LIFE[0], told(2, 60, ended_at=9, ending="cancelled")])
    assert (known.accept_seconds, known.finalize_seconds) == (None, None)
