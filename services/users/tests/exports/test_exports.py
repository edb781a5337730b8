"""Exports: asked for, made from every service in the background, fetched by their owner alone, gone in time."""

import asyncio
import csv
import io
import json
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import httpx2
import pytest
from sqlalchemy import func, select

from skillsync_kit.errors import DependencyUnavailable
from skillsync_kit.ids import new_id
from skillsync_users import tables
from skillsync_users.exports.clients import OtherService
from skillsync_users.exports.service import archive

if TYPE_CHECKING:
    from tests.conftest import World

PATH = "/v1/users/me/exports"
SERVICES = ("transactions", "notifications", "analytics")


async def shown(world: "World", by: str, id: str) -> dict[str, Any]:
    """An export as its owner reads it."""
    found: dict[str, Any] = (await world.get(f"{PATH}/{id}", by)).json()
    return found


async def kept(world: "World", user: str) -> tuple[int, int]:
    """How many rows there are of a person's exports, and how many files."""
    rows, files = tables.exports, tables.export_files
    joined = rows.outerjoin(files, files.c.export_id == rows.c.id)
    query = select(func.count(), func.count(files.c.export_id)).select_from(joined).where(rows.c.user_id == user)
    async with world.database.read() as connection:
        found = (await connection.execute(query)).one()
    return found[0], found[1]


def unpacked(answer: httpx2.Response) -> dict[str, str]:
    """The texts of the files in a ZIP, by name."""
    with ZipFile(io.BytesIO(answer.content)) as file:
        assert file.testzip() is None
        return {name: file.read(name).decode() for name in file.namelist()}


async def test_the_file_holds_each_part_of_each_service_as_json_and_as_csv(world: "World") -> None:
    ada, bo = await world.member(about='-2+3, "über"'), await world.member(first_name="Bo", last_name="Lund")
    await world.offering(ada, text="Evenings")
    await world.offering(bo, text="Mornings")
    await world.proposal(ada, name="=Zither")
    world.neighbours["transactions"].rows = [{"number": n, "legs": [{"leg": "a"}]} for n in range(5)]
    world.neighbours["analytics"].rows = [{"a": None}, {"a": True, "b": -1.5}]
    asked = await world.send("POST", PATH, ada)
    assert asked.status_code == 202
    id = asked.json()["id"]
    assert asked.headers["location"] == f"{PATH}/{id}"
    assert (await shown(world, ada, id))["state"] == "pending"
    await world.make_exports()
    export = await shown(world, ada, id)
    assert (export["state"], export["expires_at"], export["problem"]) == ("ready", "2030-01-08T12:00:00Z", None)
    answer = await world.get(f"{PATH}/{id}/file", ada)
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == 'attachment; filename="skillsync-2030-01-01.zip"'
    assert answer.headers["cache-control"] == "private, no-store"
    assert len(answer.content) == export["file_bytes"]
    files = unpacked(answer)
    parts = [f"users/{name}" for name in ("profile", "offerings", "proposals", "statistics")]
    parts += [f"{name}/things" for name in SERVICES]
    assert list(files) == ["README.txt", *(f"{part}.{kind}" for part in parts for kind in ("json", "csv"))]
    assert all(part in files["README.txt"] for part in parts)
    (profile,) = json.loads(files["users/profile.json"])
    assert (profile["email"], profile["about"]) == (f"{ada}@members.example", '-2+3, "über"')
    (row,) = csv.DictReader(io.StringIO(files["users/profile.csv"], newline=""))
    assert (row["about"], row["first_name"]) == ('\'-2+3, "über"', "Ada")
    assert "'=Zither" in files["users/proposals.csv"]
    assert [row["number"] for row in json.loads(files["transactions/things.json"])] == list(range(5))
    assert files["transactions/things.csv"].splitlines()[1] == '0,"[{""leg"": ""a""}]"'
    assert files["analytics/things.csv"] == "a,b\r\n,\r\ntrue,-1.5\r\n"
    assert not any(other in text for text in files.values() for other in (bo, "Lund", "Mornings"))
    assert export["content_bytes"] > len(files["transactions/things.json"]) / 2


async def test_one_is_made_at_a_time_and_three_are_kept(world: "World", other_process: "World") -> None:
    ada = await world.member()
    answers = await asyncio.gather(*(it.send("POST", PATH, ada) for it in (world, other_process) * 2))
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"export-under-way"}
    await world.make_exports()
    for _ in range(2):
        await world.export(ada)
        await world.make_exports()
    refused = await world.send("POST", PATH, ada)
    assert (refused.status_code, refused.json()["code"]) == (409, "too-many-exports")
    assert [it["state"] for it in (await world.get(PATH, ada)).json()["items"]] == ["ready"] * 3


async def test_a_repeated_request_asks_once(world: "World") -> None:
    ada, key = await world.member(), new_id()
    first, again = [await world.send("POST", PATH, ada, key=key) for _ in range(2)]
    assert (again.status_code, again.json(), again.headers["idempotent-replayed"]) == (202, first.json(), "true")
    assert (await world.send("POST", PATH, ada, key=None)).json()["code"] == "idempotency-key-required"
    assert (await world.send("POST", PATH, new_id())).status_code == 404


async def test_to_others_it_does_not_exist(world: "World") -> None:
    ada, bo = await world.member(), await world.coordinator()
    id = await world.export(ada)
    await world.make_exports()
    for path in (f"{PATH}/{id}", f"{PATH}/{id}/file"):
        answers = [await world.get(path, bo), await world.get(path.replace(id, new_id()), bo)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].json() == answers[1].json()
    assert (await world.get(PATH, bo)).json() == {"items": []}
    assert (await world.get(f"{PATH}/none", ada)).status_code == 404


async def test_a_suspended_member_may_know_what_is_kept(world: "World") -> None:
    ada = await world.member()
    await world.as_coordinator(f"/v1/users/{ada}/suspend", {"reason": "late"})
    id = await world.export(ada)
    await world.make_exports()
    files = unpacked(await world.get(f"{PATH}/{id}/file", ada))
    assert json.loads(files["users/profile.json"])[0]["status_reason"] == "late"


async def test_a_service_that_is_away_is_asked_again_later_and_given_up_on_in_the_end(world: "World") -> None:
    ada, away = await world.member(), world.neighbours["notifications"]
    away.is_away = True
    id = await world.export(ada)
    refused = await world.get(f"{PATH}/{id}/file", ada)
    assert (refused.status_code, refused.json()["code"], refused.json()["detail"]) == (
        409,
        "export-not-ready",
        "It is pending.",
    )
    for seconds in (0, 10, 30, 120, 600, 1800, 3600, 7200):
        world.clock.advance(seconds=seconds - 1)
        await world.make_exports()
        asked = away.asked
        world.clock.advance(seconds=1)
        await world.make_exports()
        assert away.asked == asked + 1
    assert await kept(world, ada) == (1, 0)
    export = await shown(world, ada, id)
    assert (export["state"], export["problem"], export["file_bytes"]) == ("failed", "unavailable", None)
    away.is_away = False
    again = await world.export(ada)
    await world.make_exports()
    assert (await shown(world, ada, again))["state"] == "ready"


async def test_one_that_is_taken_up_by_another_is_kept_once(world: "World", other_process: "World") -> None:
    ada = await world.member()
    id = await world.export(ada)
    is_asked, may_answer = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        is_asked.set()
        await may_answer.wait()

    world.neighbours["transactions"].before = wait
    slow = asyncio.create_task(world.exporter.turn(asyncio.Event()))
    await is_asked.wait()
    # Its lease is over, as that of a process which has died.
    other_process.clock.advance(minutes=5)
    other_process.neighbours["transactions"].rows = [{"of": "the other"}]
    await other_process.make_exports()
    may_answer.set()
    assert await slow
    assert await kept(world, ada) == (1, 1)
    files = unpacked(await world.get(f"{PATH}/{id}/file", ada))
    assert json.loads(files["transactions/things.json"]) == [{"of": "the other"}]


async def test_one_that_always_ends_its_process_is_given_up_on(world: "World") -> None:
    ada = await world.member()
    id = await world.export(ada)

    async def die() -> None:
        raise RuntimeError("the process ends here")

    world.neighbours["analytics"].before = die
    for _ in range(8):
        with pytest.raises(RuntimeError):
            await world.make_exports()
        world.clock.advance(minutes=5)
    await world.make_exports()
    export = await shown(world, ada, id)
    assert (export["state"], export["problem"]) == ("failed", "unavailable")


async def test_who_is_told_to_stop_gives_back_what_is_in_hand(world: "World") -> None:
    ada, stopping, is_asked = await world.member(), asyncio.Event(), asyncio.Event()
    id = await world.export(ada)

    async def wait() -> None:
        is_asked.set()
        await asyncio.Event().wait()

    world.neighbours["transactions"].before = wait
    loop = asyncio.create_task(world.exporter.run(stopping))
    await is_asked.wait()
    stopping.set()
    await asyncio.wait_for(loop, 10)
    world.neighbours["transactions"].before = None
    await world.make_exports()
    assert (await shown(world, ada, id))["state"] == "ready"


@pytest.mark.parametrize("limit", ["_MOST_CONTENT_BYTES", "_MOST_FILE_BYTES"])
async def test_more_than_a_file_may_hold_is_refused(
    world: "World", limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, limit, 300)
    ada = await world.member()
    id = await world.export(ada)
    await world.make_exports()
    export = await shown(world, ada, id)
    assert (export["state"], export["problem"]) == ("failed", "too-large")
    assert await kept(world, ada) == (1, 0)


async def test_the_file_goes_after_a_week_and_the_row_after_a_month(world: "World") -> None:
    ada = await world.member()
    id = await world.export(ada)
    await world.make_exports()
    world.clock.advance(days=7)
    # Nobody who asks is early: the clock is read before the exporter has looked.
    refused = await world.get(f"{PATH}/{id}/file", ada)
    assert (refused.status_code, refused.json()["detail"]) == (409, "It is expired.")
    assert await kept(world, ada) == (1, 1)
    await world.make_exports()
    assert await kept(world, ada) == (1, 0)
    assert (await shown(world, ada, id))["state"] == "expired"
    world.clock.advance(days=23)
    assert (await world.get(f"{PATH}/{id}", ada)).status_code == 404
    assert (await world.get(PATH, ada)).json() == {"items": []}
    await world.make_exports()
    assert await kept(world, ada) == (0, 0)


async def test_an_erasure_takes_them_away_and_none_is_made_of_who_is_gone(world: "World") -> None:
    ada, is_asked, may_answer = await world.member(), asyncio.Event(), asyncio.Event()
    await world.export(ada)
    await world.make_exports()
    await world.export(ada)

    async def wait() -> None:
        is_asked.set()
        await may_answer.wait()

    world.neighbours["analytics"].before = wait
    making = asyncio.create_task(world.exporter.turn(asyncio.Event()))
    await is_asked.wait()
    await world.send("DELETE", "/v1/users/me", ada, if_match="*")
    world.clock.advance(days=6)
    assert await kept(world, ada) == (2, 1)
    world.clock.advance(days=1)
    await world.eraser.turn()
    may_answer.set()
    assert await making
    assert await kept(world, ada) == (0, 0)


async def test_a_request_that_an_erasure_overtook_is_dropped(world: "World") -> None:
    ada = await world.member()
    await world.export(ada)
    await world.set_status(ada, "erased")
    asked = sum(service.asked for service in world.neighbours.values())
    await world.make_exports()
    assert sum(service.asked for service in world.neighbours.values()) == asked
    assert await kept(world, ada) == (0, 0)


class Answers:
    """A stub of a service's internal routes."""

    def __init__(self, body: Any) -> None:
        self.body = body
        self.asked: list[tuple[str, list[tuple[str, str]]]] = []

    async def get(self, path: str, query: Any = ()) -> Any:
        """See InternalService."""
        self.asked.append((path, list(query)))
        return self.body


async def test_another_service_is_asked_at_its_internal_route() -> None:
    stub = Answers({"part": "ledger", "about": "Hours.", "items": [{"minutes": 60}], "next": "c", "more": 1})
    service = OtherService("transactions", stub)  # type: ignore[arg-type]
    page = await service.page("ada", None)
    assert (page.part, page.items, page.next) == ("ledger", [{"minutes": 60}], "c")
    await service.page("ada", "c")
    assert stub.asked == [("/internal/exports/ada", []), ("/internal/exports/ada", [("cursor", "c")])]


@pytest.mark.parametrize(
    "page",
    [
        None,
        {"part": "../secret", "about": "", "items": [], "next": None},
        {"part": "a", "about": "", "items": ["Ada"], "next": None},
        {"part": "a", "about": "", "items": [{}] * 201, "next": None},
    ],
)
async def test_a_page_that_is_none_is_refused_without_telling_what_is_in_it(page: Any) -> None:
    with pytest.raises(DependencyUnavailable) as refusal:
        await OtherService("transactions", Answers(page)).page("ada", None)  # type: ignore[arg-type]
    assert str(refusal.value) == "The transactions service's page has 1 faults."
    assert refusal.value.__cause__ is None
