"""Who may not see a transaction learns nothing of it: not by any route, header, body, list, cursor or key.

What they get is what a missing id gets, byte for byte but for the id. All states are asked for on SQLite, and of each
route one on MariaDB.
"""

from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from fastapi.routing import APIRoute
from sqlalchemy import delete, func, select

from skillsync_kit.database import UnitOfWork
from skillsync_kit.ids import new_id
from skillsync_kit.pagination import write_cursor
from skillsync_transactions import tables
from skillsync_transactions.router import routers

from .scenes import PEOPLE, STATES, TERMS, Scene

if TYPE_CHECKING:
    from tests.conftest import World

Sent = dict[str, Any]
OUTSIDERS = ("former_candidate", "stranger", "coordinator", "suspended")
REASON = {"reason": "x"}
BODIES: dict[str, Any] = {
    "none": None,
    "terms": TERMS,
    "reason": REASON,
    "patch": {"title": "x"},
    "newcomer": {"legs": {"a": {"receiver": new_id()}}},
    "invalid": {"nonsense": 1},
    "malformed": b"{",
}
CURSORS = ("?cursor=nonsense", "?cursor={cursor}", "?cursor={forged}")
QUERIES = ("", "?limit=1", "?limit=0", *CURSORS, "?as={owner}", "?as=nonsense")
# What reads is asked with each query and tag; what writes with each body, under other headers.
READS: list[Sent] = [
    {"query": query, "headers": {"If-None-Match": tag} if tag else {}}
    for query, tag in product(QUERIES, (None, '"2"', '"9"', "*"))
]
HEADERS: tuple[Sent, ...] = (
    {},
    {"if_match": '"2"', "key": None},
    {"if_match": "*"},
    {"if_match": 9, "media_type": "text/plain"},
)
WRITES: list[Sent] = [{"body": body, **headers} for body, headers in product(BODIES.values(), HEADERS)]


def routes() -> Iterator[tuple[str, str]]:
    """Method and path of every route that names a transaction."""
    for route in (route for router in routers for route in router.routes):
        assert isinstance(route, APIRoute)
        if "{id}" in route.path:
            yield from ((method, route.path) for method in sorted(route.methods or ()))


ROUTES = list(routes())


def told(answer: httpx2.Response, id: str) -> tuple[int, dict[str, str], bytes]:
    """All that a caller can compare: status, headers without the request's own id, and the body without the id."""
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return answer.status_code, headers, answer.content.replace(id.encode(), b"{id}")


def test_the_walk_covers_all_routes() -> None:
    assert {path.rpartition("}/")[2] for _, path in ROUTES if not path.endswith("}")} == {
        "propose",
        "accept",
        "decline",
        "cancel",
        "finalize",
        "reverse",
        "history",
    }
    assert len(ROUTES) == 11


def cells(state: str) -> Iterator[tuple[str, str, str, Sent]]:
    """Each outsider and route, with one way to ask: each way is taken at least once for each route, over all states."""
    number = len(OUTSIDERS) * STATES.index(state)
    # Who is only named in a draft learns nothing of it.
    outsiders = (*OUTSIDERS, "counterparty") if state == "draft" else OUTSIDERS
    for (method, path), (turn, outsider) in product(ROUTES, enumerate(outsiders, start=number)):
        ways = READS if method == "GET" else WRITES
        yield outsider, method, path, ways[turn % len(ways)]


def test_each_way_to_ask_is_taken_for_each_route() -> None:
    taken = {(method, path, repr(sent)) for state in STATES for _, method, path, sent in cells(state)}
    assert len(taken) == sum(len(READS if method == "GET" else WRITES) for method, _ in ROUTES)


@pytest.mark.parametrize("state", STATES)
async def test_an_outsiders_answer_is_that_of_a_missing_id(world: "World", shared_url: str, state: str) -> None:
    scene = await Scene.set(world, state)
    before = await scene.shown()
    scene.people["suspended"] = new_id()
    await world.tell(scene.people["suspended"], "suspended")
    turns = {route: number % len(STATES) for number, route in enumerate(ROUTES)}
    for outsider, method, path, way in cells(state):
        if shared_url.startswith("sqlite") or turns[method, path] == STATES.index(state):
            of_it = await asked_for(scene, outsider, method, path, scene.id, **way)
            of_none = await of_a_missing_id(scene, outsider, method, path, **way)
            assert told(of_it, scene.id) == of_none, (outsider, method, path, way)
            assert of_it.status_code == 404, (outsider, method, path, way)
    assert await scene.shown() == before


async def asked_for(
    scene: Scene, caller: str, method: str, path: str, id: str, *, query: str = "", **more: Any
) -> httpx2.Response:
    """The answer about one id. A query may hold a person's id, and cursors as the history of that id has them."""
    cursors = {name: write_cursor((key,), {"of": id}) for name, key in (("cursor", "1"), ("forged", "x"))}
    return await scene.ask(caller, method, path.format(id=id) + query.format(**cursors, **scene.people), **more)


async def of_a_missing_id(scene: Scene, caller: str, method: str, path: str, **kind: Any) -> Any:
    """What the same caller is told of an id that never was."""
    missing = new_id()
    return told(await asked_for(scene, caller, method, path, missing, **kind), missing)


@pytest.mark.parametrize("caller", ["anonymous", "worker"])
async def test_who_is_no_person_is_refused_alike_for_every_id(world: "World", caller: str) -> None:
    scene = await Scene.set(world, "accepted")
    for method, path in ROUTES:
        of_it = await asked_for(scene, caller, method, path, scene.id)
        assert told(of_it, scene.id) == await of_a_missing_id(scene, caller, method, path)
        assert of_it.status_code == (401 if caller == "anonymous" else 404 if path.startswith("/internal") else 403)


async def test_what_is_refused_unread_is_refused_alike_for_every_id(world: "World") -> None:
    scene, path = await Scene.set(world, "accepted"), "/v1/transactions/{id}"
    for method in ("HEAD", "OPTIONS", "PUT", "POST"):
        of_it = await asked_for(scene, "stranger", method, path, scene.id)
        assert of_it.status_code == 405
        assert told(of_it, scene.id) == await of_a_missing_id(scene, "stranger", method, path)
    large: Sent = {"body": b" " * 300_000}
    of_it = await asked_for(scene, "stranger", "PATCH", path, scene.id, **large)
    assert of_it.status_code == 413
    assert told(of_it, scene.id) == await of_a_missing_id(scene, "stranger", "PATCH", path, **large)


async def test_an_id_can_be_spelled_in_capitals_by_those_who_may_see_it(world: "World") -> None:
    scene, missing = await Scene.set(world, "accepted"), new_id().upper()
    path = f"/v1/transactions/{scene.id.upper()}"
    assert (await scene.ask("counterparty", "GET", path)).json()["id"] == scene.id
    refused = await scene.ask("stranger", "GET", path)
    of_none = await scene.ask("stranger", "GET", f"/v1/transactions/{missing}")
    assert told(refused, scene.id.upper()) == told(of_none, missing)


async def test_an_outsider_leaves_no_trace(world: "World") -> None:
    scene = await Scene.set(world, "finalized")
    before = await rows(world)
    bodies = {"accept": TERMS, "finalize": TERMS, "decline": REASON, "cancel": REASON, "reverse": REASON}
    for outsider, (method, path) in product(("former_candidate", "coordinator"), ROUTES):
        body = BODIES["newcomer"] if method == "PATCH" else bodies.get(path.rpartition("/")[2])
        refused = await scene.ask(outsider, method, path.format(id=scene.id), body, if_match="*")
        assert refused.status_code == 404
    # Neither an account, nor a key, nor a word with the users service about somebody's name.
    assert await rows(world) == before
    assert world.people.asked == 1


async def rows(world: "World") -> dict[str, int]:
    """How many rows each table has."""
    async with world.database.read() as connection:
        return {
            table.name: (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for table in tables.metadata.sorted_tables
        }


async def test_an_outsider_does_not_even_learn_that_the_users_service_is_away(world: "World") -> None:
    scene = await Scene.set(world, "draft")
    world.people.is_away = True
    kind = {"body": BODIES["newcomer"], "if_match": "*"}
    for outsider in ("former_candidate", "stranger", "counterparty"):
        of_it = await asked_for(scene, outsider, "PATCH", "/v1/transactions/{id}", scene.id, **kind)
        assert (of_it.status_code, of_it.json()["code"]) == (404, "not-found")
        missing = await of_a_missing_id(scene, outsider, "PATCH", "/v1/transactions/{id}", **kind)
        assert told(of_it, scene.id) == missing


# --- keys ---


@pytest.mark.parametrize("outsider", ["former_candidate", "coordinator"])
async def test_anothers_key_is_worth_nothing(world: "World", outsider: str) -> None:
    scene, key = await Scene.set(world, "proposed"), new_id()
    path = f"/v1/transactions/{scene.id}/accept"
    assert (await scene.ask("counterparty", "POST", path, TERMS, key=key)).status_code == 200
    for body in (TERMS, {"terms_rev": 1}):
        refused = await scene.ask(outsider, "POST", path, body, key=key)
        assert (refused.status_code, refused.json()["code"]) == (404, "not-found")
        assert "idempotent-replayed" not in refused.headers
    # Nor does trying take it from its owner, or from who tried.
    assert (await scene.ask("counterparty", "POST", path, TERMS, key=key)).headers["idempotent-replayed"] == "true"
    made = await scene.ask(outsider, "POST", "/v1/transactions", {"title": "x"}, key=key)
    assert (made.status_code, "idempotent-replayed" in made.headers) == (201, False)


async def test_a_key_used_before_does_not_tell_an_id_from_a_missing_one(world: "World") -> None:
    scene, key = await Scene.set(world, "proposed"), new_id()
    assert (await scene.ask("stranger", "POST", "/v1/transactions", {"title": "x"}, key=key)).status_code == 201
    for method, path in ROUTES:
        if method == "POST":
            of_it = await asked_for(scene, "stranger", method, path, scene.id, body=TERMS, key=key)
            assert told(of_it, scene.id) == await of_a_missing_id(scene, "stranger", method, path, body=TERMS, key=key)
            assert of_it.status_code == 404


@pytest.mark.parametrize(
    ("state", "caller", "verb", "body"),
    [
        ("draft", "owner", "propose", None),
        ("proposed", "counterparty", "accept", TERMS),
        ("proposed", "counterparty", "decline", REASON),
        ("accepted", "owner", "cancel", REASON),
        ("accepted", "counterparty", "finalize", TERMS),
        ("finalized", "counterparty", "reverse", REASON),
    ],
)
async def test_who_may_no_longer_see_it_is_not_replayed_what_they_did(
    world: "World", state: str, caller: str, verb: str, body: Any
) -> None:
    scene, key = await Scene.set(world, state), new_id()
    path = "/v1/transactions/{id}/" + verb
    sent: Sent = {"body": body, "key": key}
    assert (await asked_for(scene, caller, "POST", path, scene.id, **sent)).is_success

    async def hide(unit: UnitOfWork) -> None:
        mine = tables.participants.c
        rows = delete(tables.participants).where(mine.transaction_id == scene.id, mine.user_id == scene.people[caller])
        await unit.connection.execute(rows)

    await world.database.run(hide)
    of_it = await asked_for(scene, caller, "POST", path, scene.id, **sent)
    assert told(of_it, scene.id) == await of_a_missing_id(scene, caller, "POST", path, **sent)
    assert of_it.status_code == 404


async def test_no_body_can_name_another_transaction(world: "World") -> None:
    scene = await Scene.set(world, "finalized")
    for id in (scene.id, new_id()):
        for name in ("id", "reverses_id", "reversed_by", "author"):
            refused = await scene.ask("stranger", "POST", "/v1/transactions", {name: id})
            assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"/{name}")


# --- lists, cursors, the ledger ---


async def test_no_filter_finds_what_is_not_ones_own(world: "World", shared_url: str) -> None:
    long_ago = "0001-01-01T00:00:00Z"
    for state in STATES if shared_url.startswith("sqlite") else ("draft", "finalized"):
        scene = await Scene.set(world, state)
        shown = (await scene.shown())["state"]
        outsiders = {*PEOPLE} - {"owner"} - ({"counterparty"} if state != "draft" else {*()})
        for query in ("role=author", "role=participant&limit=100", f"state={shown}&updated_after={long_ago}"):
            path = f"/v1/transactions?{query}"
            for outsider in sorted(outsiders):
                answer = await scene.ask(outsider, "GET", path)
                assert (answer.json(), answer.headers.get("link")) == ({"items": [], "next": None}, None), query
            own = [item["id"] for item in (await scene.ask("owner", "GET", path)).json()["items"]]
            assert own == ([] if "participant" in query else [scene.id])


@pytest.mark.parametrize("query", ["", "?state=finalized", "?role=author", "?updated_after=2029-12-31T00:00:00Z"])
async def test_anothers_cursor_leads_into_ones_own_list(world: "World", query: str) -> None:
    scene, other = await Scene.set(world, "finalized"), await Scene.set(world, "finalized")
    for _ in range(2):
        await world.finalized(scene.people["owner"], scene.people["counterparty"])
    first = (await scene.ask("owner", "GET", f"/v1/transactions{query or '?'}&limit=1")).json()
    own = {item["id"] for item in (await other.ask("owner", "GET", f"/v1/transactions{query}")).json()["items"]}
    path = f"/v1/transactions{query or '?'}&cursor={first['next']}"
    assert len((await scene.ask("owner", "GET", path)).json()["items"]) == 2
    for person in ("owner", "counterparty", "stranger"):
        answer = await other.ask(person, "GET", path)
        assert answer.status_code == 200
        assert {item["id"] for item in answer.json()["items"]} <= own


async def test_anothers_cursor_leads_into_ones_own_ledger(world: "World") -> None:
    scene, other = await Scene.set(world, "finalized"), await Scene.set(world, "finalized")
    owner, counterparty = scene.people["owner"], scene.people["counterparty"]
    await world.finalized(owner, counterparty, legs=world.gift(owner, counterparty), settlement="hours")
    cursor = (await scene.ask("owner", "GET", "/v1/ledger?limit=1")).json()["next"]
    assert len((await scene.ask("owner", "GET", f"/v1/ledger?cursor={cursor}")).json()["items"]) == 1
    for person in ("owner", "counterparty", "stranger"):
        items = (await other.ask(person, "GET", f"/v1/ledger?cursor={cursor}")).json()["items"]
        assert {item["transaction"] for item in items} <= {other.id}


async def test_in_a_ring_each_ledger_tells_of_ones_own_legs_alone(world: "World") -> None:
    ada, bo, cy = ring = sorted(new_id() for _ in range(3))
    legs = {
        f"{number}": {"giver": giver, "receiver": ring[(number + 1) % 3], "skill": "guitar", "minutes": 60}
        for number, giver in enumerate(ring)
    }
    id = (await world.create(ada, {"legs": legs})).json()["id"]
    await world.act("propose", id, ada)
    for verb in ("accept", "finalize"):
        for person in ring:
            assert (await world.act(verb, id, person, 1)).status_code in {200, 409}
    for person, others in ((ada, {bo, cy}), (bo, {ada, cy}), (cy, {ada, bo})):
        items = (await world.send("GET", "/v1/ledger", person)).json()["items"]
        assert sorted((item["minutes"], item["transaction"]) for item in items) == [(-60, id), (60, id)]
        assert {item["counterparty"] for item in items} == others


# --- who once was to take part, and who may not act ---


async def test_nobody_learns_who_else_was_named_in_the_draft(world: "World", shared_url: str) -> None:
    for state in STATES[1:] if shared_url.startswith("sqlite") else ("finalized",):
        scene = await Scene.set(world, state)
        path = f"/v1/transactions/{scene.id}"
        seen = await scene.ask("counterparty", "GET", path)
        history = await scene.ask("counterparty", "GET", f"{path}/history")
        stale = await scene.ask("counterparty", "POST", f"{path}/accept", {"terms_rev": 1})
        events = [event.to_json() for event in await world.events(scene.id)]
        for told_of_it in (seen.text, history.text, stale.text, *events):
            assert scene.people["former_candidate"] not in told_of_it, state
        present = {scene.people["owner"], scene.people["counterparty"]}
        assert {participant["id"] for participant in seen.json()["participants"]} == present


async def test_a_deleted_draft_is_as_if_it_had_never_been(world: "World") -> None:
    scene = await Scene.set(world, "draft")
    path = "/v1/transactions/{id}"
    assert (await scene.ask("owner", "DELETE", path.format(id=scene.id), if_match=2)).status_code == 204
    for method, path in ROUTES:
        of_it = await asked_for(scene, "owner", method, path, scene.id)
        assert told(of_it, scene.id) == await of_a_missing_id(scene, "owner", method, path)
        assert of_it.status_code == 404
    assert (await scene.ask("owner", "GET", "/v1/transactions")).json() == {"items": [], "next": None}


async def test_who_is_suspended_reads_what_is_theirs_and_nothing_more(world: "World") -> None:
    scene, other = await Scene.set(world, "finalized"), await Scene.set(world, "finalized")
    reads = (
        "/v1/transactions",
        "/v1/ledger",
        "/v1/ledger/balance",
        *(f"/v1/transactions/{scene.id}{rest}" for rest in ("", "/history")),
    )
    before = [(await scene.ask("counterparty", "GET", path)).text for path in reads]
    await world.tell(scene.people["counterparty"], "suspended")
    assert [(await scene.ask("counterparty", "GET", path)).text for path in reads] == before
    refused = await scene.ask("counterparty", "POST", f"/v1/transactions/{scene.id}/reverse", {"reason": "x"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not-a-member")
    for method, path in ROUTES:
        of_it = await asked_for(scene, "counterparty", method, path, other.id, body={"reason": "x"}, if_match="*")
        assert of_it.status_code == 404


async def test_a_worker_of_another_scope_and_a_person_with_the_scope_find_no_internal_route(world: "World") -> None:
    scene = await Scene.set(world, "proposed")
    path = f"/internal/transactions/{scene.id}?as={scene.people['owner']}"
    for token in (
        world.pool.worker_token("skillsync/users.contact"),
        world.pool.token(scene.people["owner"], scope="skillsync/transactions.read"),
    ):
        refused = await world.send("GET", path, None, headers={"Authorization": f"Bearer {token}"})
        assert (refused.status_code, refused.json()["code"]) == (404, "not-found")
