"""GET /v1/users/{id}/stats."""

from typing import TYPE_CHECKING

from skillsync_kit.ids import new_id

if TYPE_CHECKING:
    from tests.conftest import World


async def test_a_member_without_exchanges_has_zeros(world: "World") -> None:
    ada, bo = await world.member(), await world.member()
    answer = await world.get(f"/v1/users/{ada}/stats", bo)
    assert answer.status_code == 200
    assert answer.json() == {
        "user": ada,
        "finalized": 0,
        "minutes_given": 0,
        "minutes_received": 0,
        "partners": 0,
        "as_of": None,
    }


async def test_unknown_and_erased_users_have_none(world: "World") -> None:
    ada, bo = await world.member(), await world.member()
    await world.set_status(bo, "erased")
    answers = [await world.get(f"/v1/users/{user}/stats", ada) for user in (new_id(), bo, "nobody")]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert len({answer.text for answer in answers}) == 1
