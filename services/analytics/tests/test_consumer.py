"""Every type that the queue's filter lets through is taken off the queue."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from skillsync_analytics.tables import models
from skillsync_kit.events import Event, UnreadableEvent
from skillsync_kit.ids import new_id

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)

if TYPE_CHECKING:
    from tests.conftest import World

TEMPLATE = Path(__file__).resolve().parents[3] / "infra" / "templates" / "messaging.yaml"


def types_of_the_filter() -> set[str]:
    """The types that the subscription of `analytics-queue` lets through."""
    _, _, subscription = TEMPLATE.read_text().partition("\n  AnalyticsSubscription:\n")
    policy = re.search(r"FilterPolicy:\n\s+type:\n((?:\s+- \S+\n)+)", subscription)
    assert policy is not None
    return set(re.findall(r"- (\S+)", policy.group(1)))


async def test_there_is_a_handler_for_each_type_and_none_besides(world: "World") -> None:
    assert set(world.inbox.handlers) == types_of_the_filter()


async def test_only_what_was_finalized_counts_as_an_exchange_of_somebody(empty_world: "World") -> None:
    someone = new_id()
    others = sorted(types_of_the_filter() - {"transaction.finalized.v1"})
    assert len(others) > 10
    legs = {"a": {"giver": someone, "receiver": new_id(), "skill": "guitar", "minutes": 60}}
    data = {"legs": legs, "owner": someone, "kind": "offer", "skill": "guitar", "to": "active"}
    time = empty_world.finalized().time
    await empty_world.receive(Event(new_id(), type, "/x", new_id(), 1, time, data) for type in others)
    assert await empty_world.sums(someone) == (0, 0, 0, 0)
    assert (await empty_world.figures(someone))["as_of"] is None


async def test_mails_leave_no_trace_in_the_read_model(empty_world: "World") -> None:
    mails = [type for type in types_of_the_filter() if type.startswith("email.")]
    assert len(mails) == 3
    await empty_world.receive(Event(new_id(), type, "/x", new_id(), 1, NOON, {}) for type in mails)
    async with empty_world.database.read() as connection:
        counts = [
            (await connection.execute(select(func.count()).select_from(table))).scalar_one() for table in models()
        ]
    assert counts == [0] * len(counts)


async def test_another_version_of_an_event_is_not_taken_for_this_one(world: "World") -> None:
    event = world.finalized((new_id(), new_id(), 60))
    with pytest.raises(UnreadableEvent, match=r"no handler for transaction\.finalized\.v2"):
        await world.inbox.receive(event.to_json().replace("finalized.v1", "finalized.v2"))
