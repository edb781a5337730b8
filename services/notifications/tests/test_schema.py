"""The service answers as its OpenAPI document says, to requests that people sign with real tokens."""

from typing import TYPE_CHECKING

import pytest

from skillsync_kit.ids import new_id
from skillsync_testing.conformance import Hints, explore

if TYPE_CHECKING:
    from tests.conftest import World


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_answers_are_as_documented(world: "World") -> None:
    (ada,) = await world.intend()
    await world.send_all()
    gone = new_id()
    await world.receive(world.event("user.erased.v1", subject=gone))
    scopes = ("users.erase", "users.export", "events.read", "operations.read")
    worker = world.pool.worker_token(*(f"skillsync/{scope}" for scope in scopes))
    fitting = {
        f"GET /internal/{path}": [("", worker)] * 5
        for path in ("events", "failed-messages", "processed-messages", "mails")
    }
    fitting["GET /internal/erasures/{user_id}"] = [(gone, worker)]
    fitting["GET /internal/exports/{user_id}"] = [(ada, worker)] * 5
    fitting["GET /internal/trails/{subject}"] = [(gone, worker)] * 3
    await world.receive(world.event("transaction.proposed.v1", ada))
    await world.send_all()
    letter = next(letter for letter in world.mailbox.letters if letter.unsubscribe_url)
    link = str(letter.unsubscribe_url).rpartition("/")[2]
    token = world.pool.token(ada)
    fitting["PATCH /v1/notifications/{id}"] = [((await world.mails())[0].id, token)] * 3
    known = Hints([token, worker], {"token": [link]}, fitting)
    explored = await explore(world.app.openapi(), world.client, known, examples=20, seed_number=3)
    assert explored.unreached == []
