"""The mails that events caused, told to workers: ids, kinds, fates and moments; not whom they went to."""

from typing import TYPE_CHECKING

import httpx2

from skillsync_kit.ids import new_id

if TYPE_CHECKING:
    from tests.conftest import World


async def asked(world: "World", *events: str, token: str | None = None) -> httpx2.Response:
    token = token or world.pool.worker_token("skillsync/operations.read")
    return await world.client.get(
        "/internal/mails", params={"event": list(events)}, headers={"Authorization": f"Bearer {token}"}
    )


async def test_each_mail_of_the_events_asked_for_is_told_with_its_fate(world: "World") -> None:
    ana, bo = new_id(), new_id()
    sent, waiting, other = (world.event("transaction.finalized.v1", ana, bo) for _ in range(3))
    await world.receive(sent)
    world.clock.advance(seconds=1)
    await world.send_all()
    await world.receive(waiting, other)
    answer = await asked(world, waiting.id, sent.id)
    items = answer.json()["items"]
    assert sorted((item["event_id"], item["template"], item["status"]) for item in items) == sorted(
        [(sent.id, "receipt", "sent")] * 2 + [(waiting.id, "receipt", "pending")] * 2
    )
    moments = {(item["event_id"], item["created_at"], item["sent_at"]) for item in items}
    assert moments == {
        (sent.id, "2030-01-01T12:00:00Z", "2030-01-01T12:00:01Z"),
        (waiting.id, "2030-01-01T12:00:01Z", None),
    }
    assert not [person for person in (ana, bo) if person in answer.text], "whom a mail went to is not told"
    assert (await asked(world, new_id())).json() == {"items": []}


async def test_to_people_there_is_no_such_route(world: "World") -> None:
    operator = world.pool.token(new_id(), **{"cognito:groups": ["operator"]})
    for token in (operator, world.pool.worker_token("skillsync/events.read")):
        assert (await asked(world, new_id(), token=token)).status_code == 404
        assert (await asked(world, "x", token=token)).status_code == 404
