"""A cursor is no secret: anybody can make one up, and is told that it is none of ours."""

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from skillsync_kit.pagination import write_cursor

if TYPE_CHECKING:
    from tests.conftest import World

MOMENT = "2030-01-01T00:00:00+00:00"


@pytest.mark.parametrize("number", ["x", "", "1.5", "9" * 30, "-1", "\x00"])
async def test_of_a_history(world: "World", ada: str, bo: str, number: str) -> None:
    id = await world.drafted(ada, bo)
    cursor = write_cursor((number,), {"of": id})
    answer = await world.get(f"/{id}/history?cursor={cursor}", ada)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text


@pytest.mark.parametrize("moment", ["x", "", "2030-01-01", "9" * 30, "0001-01-01T00:00:00+23:59"])
async def test_of_what_was_updated(world: "World", ada: str, moment: str) -> None:
    cursor = write_cursor((moment, ada), {"updated_after": MOMENT, "state": None, "role": None})
    query = urlencode({"updated_after": MOMENT, "cursor": cursor})
    answer = await world.get(f"?{query}", ada)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text


@pytest.mark.parametrize("path", ["/v1/transactions", "/v1/ledger"])
@pytest.mark.parametrize("id", ["x", "", "\x00", "~" * 300])
async def test_of_a_page(world: "World", ada: str, path: str, id: str) -> None:
    filters = {"state": None, "role": None, "updated_after": None} if path.endswith("transactions") else {}
    answer = await world.send("GET", f"{path}?cursor={write_cursor((id,), filters)}", ada)
    assert answer.status_code == 422, answer.text
