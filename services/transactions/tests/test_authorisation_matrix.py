"""The authorisation matrix of the service: every route, asked by every kind of caller, in every state.

Each caller asks in the way that is right for the route: what is refused is refused for who asks, or for the state. The
whole is asked on SQLite, and of each route one state on MariaDB.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from fastapi.routing import APIRoute

from skillsync_transactions.router import routers

from .scenes import CALLERS, PEOPLE, STATES, TERMS, Scene

if TYPE_CHECKING:
    from tests.conftest import World

# What its owner gets and what its counterparty gets. 404: it is as if there were none; 403: it is for the other one to
# do; 409: not in this state. Who repeats what they themselves have done, and what still stands, gets 200 again.
TABLE = """
                                     draft   proposed accepted confirmed finalized declined cancelled expired
GET    /v1/transactions/{id}         200/404 200/200  200/200  200/200   200/200   200/200  200/200   200/200
GET    /v1/transactions/{id}/history 200/404 200/200  200/200  200/200   200/200   200/200  200/200   200/200
PATCH  /v1/transactions/{id}         200/404 200/200  200/200  409/409   409/409   409/409  409/409   409/409
DELETE /v1/transactions/{id}         204/404 409/409  409/409  409/409   409/409   409/409  409/409   409/409
POST   /v1/transactions/{id}/propose 200/404 200/409  200/409  200/409   200/409   409/409  409/409   409/409
POST   /v1/transactions/{id}/accept  409/404 200/200  200/200  200/200   200/200   409/409  409/409   409/409
POST   /v1/transactions/{id}/decline 409/404 403/200  409/409  409/409   409/409   409/200  409/409   409/409
POST   /v1/transactions/{id}/cancel  409/404 200/403  200/200  200/200   409/409   409/409  200/409   409/409
POST  /v1/transactions/{id}/finalize 409/404 409/409  200/200  200/200   409/200   409/409  409/409   409/409
POST   /v1/transactions/{id}/reverse 409/404 409/409  409/409  409/409   201/201   409/409  409/409   409/409
GET   /internal/transactions/{id}    404/404 404/404  404/404  404/404   404/404   404/404  404/404   404/404
GET   /internal/events               404/404 404/404  404/404  404/404   404/404   404/404  404/404   404/404
GET   /internal/books                404/404 404/404  404/404  404/404   404/404   404/404  404/404   404/404
GET   /internal/statements/{owner}   404/404 404/404  404/404  404/404   404/404   404/404  404/404   404/404
GET   /internal/erasures/{user_id}   404/404 404/404  404/404  404/404   404/404   404/404  404/404   404/404
GET   /internal/exports/{user_id}    404/404 404/404  404/404  404/404   404/404   404/404  404/404   404/404
GET   /internal/outbox               404/404 404/404  404/404  404/404   404/404   404/404  404/404   404/404
GET   /internal/failed-messages      404/404 404/404  404/404  404/404   404/404   404/404  404/404   404/404
GET   /internal/trails/{subject}     404/404 404/404  404/404  404/404   404/404   404/404  404/404   404/404
GET   /internal/processed-messages   404/404 404/404  404/404  404/404   404/404   404/404  404/404   404/404
"""
# What the others get, whatever the state.
UNKNOWING = ("former_candidate", "stranger", "coordinator", "operator")
OTHERS = dict.fromkeys(UNKNOWING, 404) | {"anonymous": 401, "worker": 403}
FOR_WORKERS = (
    "transactions/{id}",
    "events",
    "books",
    "statements/{owner}",
    "exports/{user_id}",
    "outbox",
    "failed-messages",
    "trails/{subject}",
    "processed-messages",
)
OTHERS_OF = {f"GET /internal/{path}": OTHERS | {"worker": 200} for path in FOR_WORKERS}
# The worker too: nobody here was erased.
OTHERS_OF["GET /internal/erasures/{user_id}"] = OTHERS | {"worker": 404}

# Whose answer tells anything of the transaction, owner or counterparty: of a route that names none, everybody else's
# answer is that of somebody who came a moment ago.
TELLS = """
                         draft  proposed accepted     confirmed    finalized  declined  cancelled  expired
GET  /v1/transactions    owner  both     both         both         both       both      both       both
POST /v1/transactions    none   none     none         none         none       none      none       none
GET  /v1/ledger          none   none     none         none         both       none      none       none
GET  /v1/ledger/balance  none   none     counterparty counterparty both       none      none       none
"""
WHOM = {"none": (), "owner": ("owner",), "counterparty": ("counterparty",), "both": ("owner", "counterparty")}

# For whom a worker may read it, to write to them.
READ_FOR = {"owner": {*STATES}, "counterparty": {*STATES} - {"draft"}}
CODES = {401: "unauthorized", 404: "not-found", 409: "wrong-state"}


@dataclass(frozen=True)
class Ask:
    """What a caller sends, besides the path; `if_match` names the present version when it is true."""

    body: Any = None
    if_match: bool = False
    query: str = ""


REASON = {"reason": "We are both away."}
ASKS: dict[str, Ask] = {
    "POST /v1/transactions": Ask({"title": "Bread"}),
    "PATCH /v1/transactions/{id}": Ask({"legs": {"a": {"minutes": 90}}}, if_match=True),
    "DELETE /v1/transactions/{id}": Ask(if_match=True),
    "POST /v1/transactions/{id}/accept": Ask(TERMS),
    "POST /v1/transactions/{id}/finalize": Ask(TERMS),
    "POST /v1/transactions/{id}/decline": Ask(REASON),
    "POST /v1/transactions/{id}/cancel": Ask(REASON),
    "POST /v1/transactions/{id}/reverse": Ask(REASON),
    "GET /internal/transactions/{id}": Ask(query="?as={owner}"),
    "GET /internal/failed-messages": Ask(query="?id=none"),
    "GET /internal/processed-messages": Ask(query="?event={owner}"),
    "GET /internal/statements/{owner}": Ask(query="?since=2030-01-01T00:00:00Z"),
}


def parsed(table: str) -> dict[str, dict[str, str]]:
    """The cells of a table, by route and state."""
    header, *rows = (line.split() for line in table.strip().splitlines())
    assert tuple(header) == STATES
    return {f"{method} {path}": dict(zip(STATES, cells, strict=True)) for method, path, *cells in rows}


MATRIX, TOLD = parsed(TABLE), parsed(TELLS)


def expected(route: str, state: str, caller: str) -> int:
    """The status in one cell of the matrix."""
    owner, counterparty = MATRIX[route][state].split("/")
    insiders = {"owner": int(owner), "counterparty": int(counterparty)}
    return (insiders | OTHERS_OF.get(route, OTHERS))[caller]


def asked_in(database_url: str, route: str, routes: Sequence[str]) -> Sequence[str]:
    """All states on SQLite; on MariaDB one, another one for the next route."""
    if database_url.startswith("sqlite"):
        return STATES
    number = routes.index(route) % len(STATES)
    return STATES[number : number + 1]


def declared() -> Iterator[tuple[str, dict[str, int]]]:
    """Each route that the service has, and what it says of its callers."""
    for route in (route for router in routers for route in router.routes):
        assert isinstance(route, APIRoute)
        for method in sorted(route.methods or ()):
            yield f"{method} {route.path}", (route.openapi_extra or {})["x-access"]


async def sent(scene: Scene, route: str, caller: str, version: int = 1) -> httpx2.Response:
    """The answer to a caller who asks as one should."""
    method, path = route.split()
    ask = ASKS.get(route, Ask())
    query = ask.query.format(**scene.people)
    path = path.format(id=scene.id, subject=scene.id, user_id=scene.people["owner"], owner=scene.people["owner"])
    return await scene.ask(caller, method, path + query, ask.body, if_match=version if ask.if_match else None)


def test_every_route_has_its_row() -> None:
    routes = [route for route, _ in declared()]
    assert sorted(routes) == sorted([*MATRIX, *TOLD])
    assert set(ASKS) <= set(routes)
    assert set(OTHERS) == set(CALLERS) - {"owner", "counterparty"}


async def test_the_app_has_no_other_routes(world: "World") -> None:
    documented = {
        f"{method.upper()} {path}" for path, methods in world.app.openapi()["paths"].items() for method in methods
    }
    assert documented == {*MATRIX, *TOLD}
    for path in ("/docs", "/redoc", "/v1", "/v1/", "/internal/transactions", "/v1/transactions/", "/metrics"):
        assert (await world.client.get(path)).status_code == 404, path


@pytest.mark.parametrize("route", list(MATRIX))
def test_what_a_route_declares_is_true_of_it_in_some_state(route: str) -> None:
    said = dict(declared())[route]
    assert said in [{caller: expected(route, state, caller) for caller in CALLERS} for state in STATES]


@pytest.mark.parametrize("route", list(MATRIX))
async def test_every_caller_gets_what_the_table_says(world: "World", shared_url: str, route: str) -> None:
    cells, answered = {}, {}
    for state in asked_in(shared_url, route, list(MATRIX)):
        row = {caller: expected(route, state, caller) for caller in CALLERS}
        scene = await Scene.set(world, state)
        before = await scene.shown()
        assert before["state"] == ("accepted" if state == "confirmed" else state)
        answers = {c: await sent(scene, route, c, before["version"]) for c in CALLERS if row[c] >= 400}
        assert await scene.shown() == before, "who was refused has changed it"
        for number, caller in enumerate(c for c in CALLERS if row[c] < 400):
            # What one has done is no longer there to do for the next.
            scene = await Scene.set(world, state) if number and not route.startswith("GET") else scene
            answers[caller] = await sent(scene, route, caller, before["version"])
        for caller, answer in answers.items():
            assert refused_rightly(answer, caller), answer.text
            cells[state, caller], answered[state, caller] = row[caller], answer.status_code
    assert answered == cells


def refused_rightly(answer: httpx2.Response, caller: str) -> bool:
    """Whether a refusal says what it is for."""
    if answer.is_success:
        return True
    code: str = answer.json()["code"]
    if answer.status_code == 403:
        return code == ("forbidden" if caller == "worker" else "not-yours")
    return code == CODES[answer.status_code]


@pytest.mark.parametrize("route", list(TOLD))
async def test_what_names_no_transaction_tells_of_ones_own_alone(world: "World", shared_url: str, route: str) -> None:
    done = 201 if route.startswith("POST") else 200
    statuses = dict.fromkeys(PEOPLE, done) | {"anonymous": 401, "worker": 403}
    assert dict(declared())[route] == statuses
    for state in asked_in(shared_url, route, list(TOLD)):
        scene = await Scene.set(world, state)
        newcomer = Scene(world, state)
        nothing = told_to(newcomer.people["stranger"], await sent(newcomer, route, "stranger"))
        answers = {caller: await sent(scene, route, caller) for caller in CALLERS}
        assert {caller: answer.status_code for caller, answer in answers.items()} == statuses, state
        for caller in PEOPLE:
            tells = told_to(scene.people[caller], answers[caller]) != nothing
            assert tells == (caller in WHOM[TOLD[route][state]]), (state, caller, answers[caller].text)


def told_to(caller: str, answer: httpx2.Response) -> str:
    """What an answer says, but for the caller's own id and that of what they have just made."""
    made = answer.json().get("id", caller)
    return answer.text.replace(caller, "{caller}").replace(made, "{made}")


async def test_a_worker_reads_for_a_person_what_that_person_reads(world: "World", shared_url: str) -> None:
    for state in STATES if shared_url.startswith("sqlite") else ("draft", "accepted"):
        scene = await Scene.set(world, state)
        for person in PEOPLE:
            answer = await scene.ask("worker", "GET", f"/internal/transactions/{scene.id}?as={scene.people[person]}")
            own = await scene.ask(person, "GET", f"/v1/transactions/{scene.id}")
            assert answer.status_code == (200 if state in READ_FOR.get(person, ()) else 404), (state, person)
            assert answer.json() == own.json()
