"""An offering's verbs, without a database."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from skillsync_users.offerings.entities import Changes, Kind, Modality, NewOffering, Offering, OfferingStatus
from skillsync_users.offerings.errors import ExpiryOutOfRange, NotYours, OfferingEnded

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
WRITTEN = [OfferingStatus.ACTIVE, OfferingStatus.PAUSED, OfferingStatus.FULFILLED]
TOLD = {"paused": "offering.paused.v1", "fulfilled": "offering.fulfilled.v1"}
CHANGES = some.fixed_dictionaries(
    {},
    optional={
        "text": some.none() | some.text("ab \n", max_size=4),
        "modality": some.sampled_from(Modality),
        "status": some.sampled_from(WRITTEN),
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
        has_ended = status == "fulfilled"
        fact = offering.renew("ada", LATER) if has_ended else offering.change("ada", changes, LATER)
        if fact is None:
            continue
        assert fact.from_status == status
        assert fact.sequence == offering.event_sequence == offering.version
        is_move = fact.from_status != fact.to_status
        assert fact.type == (TOLD.get(fact.to_status, "offering.changed.v1") if is_move else "offering.changed.v1")
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


@pytest.mark.parametrize("status", WRITTEN)
def test_a_deletion_is_told_as_a_change_to_deleted(status: OfferingStatus) -> None:
    offering = guitar()
    offering.change("ada", {"status": status}, LATER)
    sequence = offering.event_sequence
    fact = offering.delete("ada", LATER)
    assert (fact.type, fact.from_status, fact.to_status) == ("offering.changed.v1", status.value, "deleted")
    assert fact.sequence == sequence + 1


@pytest.mark.parametrize("days", [0, 0.99, 365.01, 400])
def test_an_end_too_soon_or_too_late_is_refused(days: float) -> None:
    ends = NOON + timedelta(days=days)
    new = NewOffering(Kind.OFFER, "guitar", "", Modality.EITHER, ends)
    with pytest.raises(ExpiryOutOfRange):
        Offering.publish("one", "ada", "Ada", new, NOON)
    with pytest.raises(ExpiryOutOfRange):
        guitar().change("ada", {"expires_at": ends}, NOON)


@pytest.mark.parametrize("days", [1, 365])
def test_an_end_a_day_or_a_year_ahead_is_taken(days: int) -> None:
    ends = NOON + timedelta(days=days)
    offering = guitar()
    assert offering.change("ada", {"expires_at": ends}, NOON)
    assert offering.expires_at == ends
    assert not offering.is_due(ends - timedelta(milliseconds=1))
    assert offering.is_due(ends)


def test_what_has_ended_is_renewed_and_not_changed() -> None:
    offering = guitar()
    end = offering.expires_at
    assert end == NOON + timedelta(days=180)
    expired = offering.pass_time(end)
    assert expired
    assert (expired.type, expired.by, expired.from_status, expired.to_status) == (
        "offering.expired.v1",
        None,
        "active",
        "expired",
    )
    assert offering.pass_time(end) is None
    with pytest.raises(OfferingEnded):
        offering.change("ada", {"status": OfferingStatus.ACTIVE}, end)
    offering.status = OfferingStatus.EXPIRED
    renewed = offering.renew("ada", end)
    assert renewed
    assert (renewed.from_status, renewed.to_status, renewed.expires_at) == (
        "expired",
        "active",
        end + timedelta(days=180),
    )
    assert offering.renew("ada", end) is None


def test_a_paused_offering_is_not_resumed_after_its_time_but_with_a_new_one() -> None:
    offering = guitar()
    offering.change("ada", {"status": OfferingStatus.PAUSED}, NOON)
    end = NOON + timedelta(days=180)
    assert offering.pass_time(end) is None
    with pytest.raises(OfferingEnded):
        offering.change("ada", {"status": OfferingStatus.ACTIVE}, end)
    offering.status = OfferingStatus.PAUSED
    assert offering.change("ada", {"status": OfferingStatus.ACTIVE, "expires_at": end + timedelta(days=1)}, end)


def test_a_renewal_never_shortens() -> None:
    offering = guitar()
    offering.change("ada", {"expires_at": NOON + timedelta(days=300)}, NOON)
    assert offering.renew("ada", LATER) is None
    assert offering.expires_at == NOON + timedelta(days=300)


def test_somebody_else_changes_and_deletes_nothing() -> None:
    offering = guitar()
    with pytest.raises(NotYours):
        offering.change("bo", {"text": "x"}, LATER)
    with pytest.raises(NotYours):
        offering.renew("bo", LATER)
    with pytest.raises(NotYours):
        offering.delete("bo", LATER)
    assert offering == guitar()
