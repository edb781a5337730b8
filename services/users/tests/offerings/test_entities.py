"""An offering's verbs, without a database."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from skillsync_users.offerings.entities import Changes, Kind, Modality, NewOffering, Offering, OfferingStatus
from skillsync_users.offerings.errors import NotYours

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
CHANGES = some.fixed_dictionaries(
    {},
    optional={
        "text": some.none() | some.text("ab \n", max_size=4),
        "modality": some.sampled_from(Modality),
        "status": some.sampled_from(OfferingStatus),
    },
)


def guitar() -> Offering:
    """Ada's offering of guitar lessons."""
    new = NewOffering(Kind.OFFER, "guitar", "Beginners welcome", Modality.EITHER)
    return Offering.publish("one", "ada", "Ada", new, NOON)[0]


@given(some.lists(CHANGES, max_size=8))
def test_each_event_begins_where_the_one_before_ended(history: list[Changes]) -> None:
    offering = guitar()
    status = "active"
    for changes in history:
        fact = offering.change("ada", changes, LATER)
        if fact is None:
            continue
        assert fact.from_status == status
        assert fact.sequence == offering.event_sequence == offering.version
        assert (fact.type == "offering.paused.v1") == ((fact.from_status, fact.to_status) == ("active", "paused"))
        status = fact.to_status
    assert status == offering.status.value


@given(CHANGES)
def test_a_change_repeated_changes_nothing(changes: Changes) -> None:
    offering = guitar()
    offering.change("ada", changes, LATER)
    version = offering.version
    assert offering.change("ada", changes, LATER) is None
    assert offering.version == version


def test_only_an_active_offering_has_the_key_that_is_unique() -> None:
    offering = guitar()
    assert offering.active_key == "ada:offer:guitar"
    offering.change("ada", {"status": OfferingStatus.PAUSED}, LATER)
    assert offering.active_key is None


@pytest.mark.parametrize("status", list(OfferingStatus))
def test_a_deletion_is_told_as_a_change_to_deleted(status: OfferingStatus) -> None:
    offering = guitar()
    offering.change("ada", {"status": status}, LATER)
    sequence = offering.event_sequence
    fact = offering.delete("ada", LATER)
    assert (fact.type, fact.from_status, fact.to_status) == ("offering.changed.v1", status.value, "deleted")
    assert fact.sequence == sequence + 1


def test_somebody_else_changes_and_deletes_nothing() -> None:
    offering = guitar()
    with pytest.raises(NotYours):
        offering.change("bo", {"text": "x"}, LATER)
    with pytest.raises(NotYours):
        offering.delete("bo", LATER)
    assert offering == guitar()
