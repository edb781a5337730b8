"""What a service knows of a person, part by part and page by page; for workers with the scope alone."""

from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from skillsync_kit.app import Health, create_app
from skillsync_kit.clock import SystemClock
from skillsync_kit.database import Database
from skillsync_kit.exports import After, Exports, Part, Rows
from skillsync_kit.exports_router import exports_router
from skillsync_kit.ids import new_id
from skillsync_kit.testing import UserPool

SCOPE = "skillsync/users.export"
IDS = sorted(new_id() for _ in range(250))


async def read_things(_: AsyncConnection, user: str, after: After, limit: int) -> Rows:
    """Each thing twice, under the numbers 0 and 1."""
    keys = [After(id, number) for id in IDS for number in (0, 1)]
    found = [key for key in keys if key > after or after == After()][: limit + 1]
    return Rows.of(found, limit, lambda key: {"id": key.id, "number": key.number, "of": user}, lambda key: key)


async def read_nothing(_: AsyncConnection, user: str, after: After, limit: int) -> Rows:
    return Rows([])


class Service:
    """A service with nothing but this route."""

    def __init__(self, database: Database, pool: UserPool) -> None:
        parts = (Part("things", "What you have.", read_things), Part("rest", "The rest.", read_nothing))
        app = create_app(
            "things",
            health=Health(),
            verifier=pool.verifier(SystemClock()),
            routers=[exports_router],
            state={"exports": Exports(database, parts)},
        )
        self.pool = pool
        self._client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://things.example")

    async def get(self, user: str, cursor: str | None = None, *, token: str | None = None) -> httpx2.Response:
        """A page, as the worker unless another token is given."""
        token = token or self.pool.worker_token(SCOPE)
        query = {"cursor": cursor} if cursor else None
        headers = {"Authorization": f"Bearer {token}"}
        return await self._client.get(f"/internal/exports/{user}", params=query, headers=headers)


@pytest.fixture
def service(database: Database, pool: UserPool) -> Service:
    return Service(database, pool)


pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def test_pages_lead_through_every_row_of_every_part_once(service: Service) -> None:
    user, cursor = new_id(), None
    pages: list[dict[str, Any]] = []
    while cursor or not pages:
        pages.append((await service.get(user, cursor)).json())
        cursor = pages[-1]["next"]
    assert [(page["part"], len(page["items"])) for page in pages] == [*[("things", 100)] * 5, ("rest", 0)]
    rows = [row for page in pages for row in page["items"]]
    assert [(row["id"], row["number"]) for row in rows] == [(id, number) for id in IDS for number in (0, 1)]
    assert {row["of"] for row in rows} == {user}
    assert {page["about"] for page in pages} == {"What you have.", "The rest."}


async def test_a_cursor_is_good_for_its_person_alone(service: Service) -> None:
    cursor = (await service.get(new_id())).json()["next"]
    answer = await service.get(new_id(), cursor)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "the query: cursor")
    assert (await service.get(new_id(), "made-up")).status_code == 422


async def test_only_a_worker_with_the_scope_is_told(service: Service, pool: UserPool) -> None:
    user = new_id()
    others = (pool.token(user), pool.worker_token("skillsync/users.erase"))
    assert [(await service.get(user, token=token)).status_code for token in others] == [404, 404]
    assert (await service.get("nobody")).status_code == 404
    assert (await service.get(user)).status_code == 200
