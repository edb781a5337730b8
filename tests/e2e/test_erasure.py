"""A person leaves the real system: each service has done its part, nothing names them, and partners' records are whole.

Searched are every table of every database, what was published, and every log. Not searched is the local mail system: a
mail that was sent is no longer ours to empty. The seven days are not waited for: the test moves the
day that the database holds.
"""

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Column, ColumnElement, MetaData, Text, cast, func, select, text
from sqlalchemy.ext.asyncio import create_async_engine

from skillsync_testing.member import Member, swap
from skillsync_testing.system import System, eventually

SERVICES = ("users", "transactions", "notifications", "analytics")
PARTS = {"users", "user-pool", "transactions", "notifications", "analytics"}


def database_url(system: System, service: str) -> str:
    """Where a service keeps what it knows."""
    jobs = json.loads((system.state_directory / "jobs.json").read_text())
    url: str = jobs[service]["SKILLSYNC_DATABASE_URL"]
    return url


def as_text(column: Column[Any]) -> ColumnElement[Any]:
    """A cell that can be searched; of bytes their digits, for they need not be text."""
    # Reflected from MySQL, a column of bytes is none of SQLAlchemy's LargeBinary.
    return func.hex(column) if column.type.python_type is bytes else cast(column, Text)


def dump(system: System, service: str) -> list[str]:
    """Every row of every table of a service."""

    async def read() -> list[str]:
        engine, found = create_async_engine(database_url(system, service)), []
        metadata = MetaData()
        async with engine.connect() as connection:
            await connection.run_sync(metadata.reflect)
            for table in metadata.sorted_tables:
                rows = await connection.execute(select(*map(as_text, table.c)))
                found += [f"{service}.{table.name}: {'|'.join(map(str, row))}" for row in rows]
        await engine.dispose()
        return found

    return asyncio.run(read())


def run(system: System, service: str, statement: str, **parameters: Any) -> None:
    """Run a statement on a service's database."""

    async def write() -> None:
        engine = create_async_engine(database_url(system, service))
        async with engine.begin() as connection:
            await connection.execute(text(statement), parameters)
        await engine.dispose()

    asyncio.run(write())


def naming(lines: list[str], secrets: tuple[str, ...]) -> list[str]:
    """Those lines that hold any of the secrets."""
    return [line[:300] for line in lines if any(secret in line.casefold() for secret in secrets)]


def log_lines(directory: Path) -> list[str]:
    """Every line of every log."""
    return [
        f"{file.name}: {line}"
        for file in sorted((directory / "logs").rglob("*"))
        if file.is_file()
        for line in file.read_text(errors="replace").splitlines()
    ]


def acknowledgements(system: System, user: str) -> set[str]:
    """Who has said that nothing is left of the person."""
    return {
        line.split("|")[1]
        for line in dump(system, "users")
        if line.startswith(f"users.erasure_acknowledgements: {user}|")
    }


def sign_up(system: System, name: str) -> Member:
    """A member with a last name that nobody else has."""
    member = system.member(name)
    body = {"first_name": name, "last_name": f"{name}son", "display_name": f"{name} the First", "about": f"I am {name}"}
    assert member.post("/users", body).status_code == 201
    return member


def ready_export(member: Member) -> str:
    """The id of a new export that has its file."""
    id: str = member.post("/users/me/exports").json()["id"]
    eventually(lambda: member.get(f"/users/me/exports/{id}/file").is_success, what="the export is ready")
    return id


def test_who_leaves_leaves_nothing_behind_but_the_others_records(system: System) -> None:
    name = f"Zelmira{uuid4().hex[:8]}"
    zelmira, bo = sign_up(system, name), system.member("Bo").make_profile()
    secrets = (name.casefold(), zelmira.email.casefold())
    zelmira.post("/offerings", {"kind": "offer", "skill": "guitar", "text": f"{name} teaches"})
    body = {**swap(bo), "title": f"With {name}", "note": f"Ring at {name}'s", "settlement": "hours"}
    finished, agreed, offered = (zelmira.draft(body)["id"] for _ in range(3))
    for id in (finished, agreed, offered):
        zelmira.propose(id)
    for id in (finished, agreed):
        bo.accept(id, 1)
    bo.finalize(finished, 1)
    draft_of_bo = bo.draft(swap(zelmira))["id"]
    zelmira.draft({"title": f"{name} alone"})
    whole = bo.get(f"/transactions/{finished}").json()
    ledger = [entry for entry in bo.get("/ledger").json()["items"] if entry["transaction"] == finished]
    history = bo.get(f"/transactions/{finished}/history").json()
    assert len(ledger) == 2
    eventually(lambda: len(system.mails_to(zelmira.email)) >= 3, what="mails to the one who leaves")
    export = ready_export(zelmira)
    # What is looked for below can be found.
    assert naming(dump(system, "users"), secrets)
    assert naming(dump(system, "transactions"), secrets)
    assert len(naming(dump(system, "users"), (export,))) >= 2

    asked = zelmira.http.delete(f"{system.status['api']}/users/me", headers={"If-Match": "*"})
    assert asked.status_code == 202
    due = "UPDATE users SET erasure_due_at = '2020-01-01 00:00:00.000000' WHERE id = :id"
    with system.subscribed_queue() as received:
        run(system, "users", due, id=zelmira.id)
        eventually(
            lambda: acknowledgements(system, zelmira.id) == PARTS, seconds=90, what="everybody has done their part"
        )
        eventually(system.queues_are_empty, what="every event has arrived")
        told = eventually(
            lambda: [event for event in received() if event["subject"] == zelmira.id], what="the event of the erasure"
        )
        assert [event["type"] for event in told] == ["user.erased.v1"]
        assert naming([json.dumps(event) for event in received()], secrets) == []

    for service in SERVICES:
        assert naming(dump(system, service), secrets) == []
    assert naming(log_lines(system.state_directory), secrets) == []
    assert naming(dump(system, "users"), (export,)) == []

    after = bo.get(f"/transactions/{finished}").json()
    shown = {person["id"]: person["display_name"] for person in after["participants"]}
    assert shown == {zelmira.id: "Former member", bo.id: "Bo"}
    emptied = {"participants": None, "title": None, "note": None}
    assert {**after, **emptied} == {**whole, **emptied}
    assert [e for e in bo.get("/ledger").json()["items"] if e["transaction"] == finished] == ledger
    assert bo.get(f"/transactions/{finished}/history").json() == history
    for id in (agreed, offered):
        ended = bo.get(f"/transactions/{id}").json()
        assert (ended["state"], ended["ended_by"]) == ("cancelled", None)
    assert bo.get("/ledger/balance").json()["held"] == 0
    refused = bo.post(f"/transactions/{draft_of_bo}/propose")
    assert (refused.status_code, refused.json()["code"]) == (422, "participant-unavailable")

    # The token is good for some minutes yet, and opens nothing.
    assert zelmira.get("/users/me").status_code == 404
    body = {"first_name": name, "last_name": "Again"}
    assert zelmira.post("/users", body).status_code in (401, 409)
    accounts = system.aws("cognito-idp").list_users(UserPoolId=system.status["user_pool_id"])["Users"]
    assert naming([json.dumps(account, default=str) for account in accounts], secrets) == []
