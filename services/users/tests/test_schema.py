"""The service answers as its OpenAPI document says, to requests that people sign with real tokens."""

from typing import TYPE_CHECKING

import pytest

from skillsync_kit.ids import new_id
from skillsync_testing.conformance import Hints, explore

if TYPE_CHECKING:
    from tests.conftest import World

SKILLS = ["guitar", "german", "sewing"]


async def hints(world: "World") -> Hints:
    """Two members with offerings, somebody who has not signed up, and a worker."""
    ada, bo, newcomer = await world.member(), await world.member(), new_id()
    offerings = [await world.offering(ada, skill=skill) for skill in SKILLS]
    paused = await world.offering(bo, kind="want")
    await world.patch(f"/v1/offerings/{paused}", bo, {"status": "paused"})
    # Named to no route that could delete it.
    lasting = await world.offering(bo, skill="chess")
    scopes = ("users.contact", "users.erase", "events.read", "operations.read")
    gone = await world.member()
    await world.send("DELETE", "/v1/users/me", gone, if_match="*")
    world.clock.advance(days=7)
    await world.eraser.turn()
    world.clock.advance(days=-7)
    carl = await world.member()
    proposed = [await world.proposal(await world.member()) for _ in range(3)]
    asked = await world.export(carl)
    await world.make_exports()
    coordinator = world.pool.token(carl, **{"cognito:groups": ["coordinator"]})
    worker = world.pool.worker_token(*(f"skillsync/{scope}" for scope in scopes))
    token, tokens = world.pool.token(ada), [world.pool.token(person) for person in (bo, newcomer)]
    return Hints(
        [token, *tokens, worker, coordinator],
        {
            "id": [ada, bo, *offerings, paused],
            "export_id": [asked],
            "owner": ["me", ada],
            "skill": [*SKILLS, "chess"],
            "first_name": ["Cleo"],
            "last_name": ["Dahl"],
            "time_zone": ["UTC"],
            "category": ["music"],
        },
        {
            "POST /v1/users": [("", tokens[1])] * 5,
            **{
                f"GET /internal/{path}": [("", worker)] * 5
                for path in ("events", "failed-messages", "processed-messages")
            },
            **{f"POST /v1/users/{{id}}/{verb}": [(bo, coordinator)] * 5 for verb in ("suspend", "reinstate")},
            "DELETE /v1/users/me": [("", token)] * 3,
            "POST /v1/users/me/restore": [("", token)] * 3,
            "GET /internal/users/{id}/contact": [(ada, worker)] * 3,
            "GET /internal/erasures": [("", worker)] * 3,
            "GET /internal/erasures/{user_id}": [(gone, worker)] * 3,
            "POST /v1/users/me/exports": [("", token)],
            "GET /v1/users/me/exports/{export_id}": [("", coordinator)] * 5,
            "GET /v1/users/me/exports/{export_id}/file": [("", coordinator)] * 5,
            "GET /internal/trails/{subject}": [(ada, worker)] * 3,
            "GET /v1/offerings/{id}": [(paused, tokens[0])],
            "PATCH /v1/offerings/{id}": [(offerings[0], token)],
            "DELETE /v1/offerings/{id}": [(offerings[1], token)],
            "POST /v1/offerings/{id}/renew": [(offerings[2], token), (offerings[2], tokens[0]), (paused, tokens[0])]
            * 2,
            "POST /v1/skills/proposals": [("", token)],
            "GET /v1/skills/proposals/{id}": [(proposed[2], coordinator)],
            "POST /v1/skills/proposals/{id}/approve": [(proposed[0], coordinator)],
            "POST /v1/skills/proposals/{id}/decline": [(proposed[1], coordinator)],
            "GET /internal/offerings/{id}": [(lasting, worker)] * 3,
        },
    )


@pytest.mark.parametrize("module_database_url", ["sqlite"], indirect=True)
async def test_answers_are_as_documented(world: "World") -> None:
    known = await hints(world)
    explored = await explore(world.app.openapi(), world.client, known, examples=15, seed_number=3)
    assert explored.unreached == []
