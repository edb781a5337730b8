"""The service answers as its OpenAPI document says, to requests that people sign with real tokens."""

from typing import TYPE_CHECKING

import pytest

from skillsync_testing.conformance import Hints, explore

if TYPE_CHECKING:
    from tests.conftest import World


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_answers_are_as_documented(world: "World") -> None:
    (ada,) = await world.intend()
    await world.send_all()
    known = Hints([world.pool.token(ada), world.pool.worker_token()])
    explored = await explore(world.app.openapi(), world.client, known, examples=20, seed_number=3)
    assert explored.unreached == []
