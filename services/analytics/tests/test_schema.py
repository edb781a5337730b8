"""The service answers as its OpenAPI document says, to requests that people sign with real tokens."""

from typing import TYPE_CHECKING

import pytest

from skillsync_analytics.entities.measures import MEASURES
from skillsync_kit.events import Event
from skillsync_kit.ids import new_id
from skillsync_testing.conformance import Hints, explore

if TYPE_CHECKING:
    from tests.conftest import World


@pytest.mark.parametrize("module_database_url", ["sqlite"], indirect=True)
async def test_answers_are_as_documented(world: "World") -> None:
    ada, bo, cleo = new_id(), new_id(), new_id()
    await world.receive([world.finalized((ada, bo, 60))])
    gone = new_id()
    await world.receive([Event(new_id(), "user.erased.v1", "/users", gone, 2, world.finalized().time, {})])
    scopes = ("users.erase", "users.export", "analytics.read", "operations.read")
    worker = world.pool.worker_token(*(f"skillsync/{scope}" for scope in scopes))
    coordinator = world.pool.token(new_id(), **{"cognito:groups": ["coordinator"]})
    fitting = {
        f"GET /internal/{path}": [("", worker)] * 5 for path in ("failed-messages", "books", "processed-messages")
    }
    fitting |= {f"GET /v1/analytics{path}": [("", coordinator)] * 5 for path in ("", "/{measure}")}
    fitting["GET /internal/measures/{measure}"] = [("", worker)] * 5
    fitting["GET /internal/erasures/{user_id}"] = [(gone, worker)]
    fitting["GET /internal/exports/{user_id}"] = [(ada, worker)] * 5
    values = {
        "measure": list(MEASURES),
        "from": ["2029-11-05", "2029-12-03"],
        "to": ["2029-12-24", "2030-01-01"],
        "interval": ["week", "month"],
    }
    known = Hints([world.pool.token(ada), world.pool.token(cleo), worker, coordinator], values, fitting)
    explored = await explore(world.app.openapi(), world.client, known, examples=20, seed_number=3)
    assert explored.unreached == []
