"""The service in this process: its app and its database, a standing clock, people it knows, and their tokens."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from skillsync_kit import migrations, telemetry
from skillsync_kit.app import Health, create_app
from skillsync_kit.erasures import Erasures
from skillsync_kit.errors import DependencyUnavailable
from skillsync_kit.events import Event
from skillsync_kit.exports import Exports
from skillsync_kit.foundation import lay
from skillsync_kit.idempotency import Idempotency
from skillsync_kit.ids import new_id
from skillsync_kit.inbox import Inbox
from skillsync_kit.testing import FixedClock, UserPool
from skillsync_transactions import tables
from skillsync_transactions.consumer import handlers
from skillsync_transactions.entities import Name
from skillsync_transactions.repository import (
    AccountRepository,
    FarewellRepository,
    PeopleReplica,
    TransactionRepository,
)
from skillsync_transactions.router import conceal, routers
from skillsync_transactions.service import Farewell, Ledger, Members, OwnData, Record, Sweeper, Transactions
from skillsync_transactions.settings import TransactionsSettings

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"
JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"


class KnownPeople:
    """A fake of the users service: knows everyone but those in `unknown`, and can be away."""

    def __init__(self) -> None:
        self.unknown: set[str] = set()
        self.is_away = False
        self.asked = 0

    async def names(self, ids: Collection[str], token: str) -> dict[str, Name]:
        """See clients.People."""
        self.asked += 1
        if self.is_away:
            raise DependencyUnavailable("The users service does not answer.")
        return {id: Name("Given", id[-4:], f"G. {id[-4:]}") for id in ids if id not in self.unknown}


class World:
    """One process of the service, and what people do with it."""

    def __init__(self, stack: AsyncExitStack, database_url: str, pool: UserPool, clock: FixedClock) -> None:
        settings = TransactionsSettings(
            port=0,
            database_url=database_url,
            token_issuer=pool.issuer,
            jwks_url="http://pool.example/jwks.json",
            web_client_id=pool.web_client_id,
            topic_arn="arn:aws:sns:eu-central-1:000000000000:transaction-events",
            queue_url="http://queue.example/transaction",
            users_url="http://users.example",
        )
        base = lay(stack, settings, "transactions", tables.metadata)
        self.pool, self.clock, self.people = pool, clock, KnownPeople()
        self.database = base.database
        self.idempotency = Idempotency(tables.idempotency_records, clock)
        members = Members(people=self.people, replica=PeopleReplica())
        repository = TransactionRepository()
        ledger = Ledger(database=base.database, repository=AccountRepository(), new_id=new_id)
        record = Record(repository=repository, ledger=ledger, new_id=new_id)
        service = Transactions(
            database=base.database,
            repository=repository,
            record=record,
            ledger=ledger,
            members=members,
            clock=clock,
            new_id=new_id,
        )
        self.sweeper = Sweeper(
            database=base.database,
            repository=repository,
            record=record,
            forget_old=self.idempotency.forget_old,
            clock=clock,
        )
        self.erasures = Erasures(base.database, tables.erased_users, clock)
        self.farewell = Farewell(
            database=base.database,
            transactions=repository,
            repository=FarewellRepository(),
            record=record,
            erasures=self.erasures,
            idempotency=self.idempotency,
            cache=base.cache,
            clock=clock,
        )
        self.inbox = Inbox("transactions", base.database, base.processed, handlers(members, self.farewell))
        self.app = create_app(
            "transactions",
            health=Health(),
            verifier=pool.verifier(clock),
            routers=routers,
            state={
                "transactions": service,
                "ledger": ledger,
                "idempotency": self.idempotency,
                "clock": clock,
                "operations": base.operations,
                "trails": base.trails,
                "erasures": self.erasures,
                "exports": Exports(base.database, OwnData(transactions=repository, accounts=AccountRepository()).parts),
            },
            conceal=conceal,
        )
        # As over a network: what goes wrong inside is seen as the answer it leads to.
        transport = httpx2.ASGITransport(self.app, raise_app_exceptions=False)
        self.client = httpx2.AsyncClient(transport=transport, base_url="http://transactions.example")

    # --- requests ---

    async def send(
        self,
        method: str,
        path: str,
        by: str | None,
        body: Any = None,
        *,
        key: str | None = "",
        if_match: int | str | None = None,
        media_type: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx2.Response:
        """A request by a user. A POST has a new key unless one is given; None sends none. Bytes go as they are."""
        sent = dict(headers or {})
        if by is not None:
            sent["Authorization"] = f"Bearer {self.pool.token(by)}"
        if method == "POST" and key is not None:
            sent["Idempotency-Key"] = key or new_id()
        if if_match is not None:
            sent["If-Match"] = f'"{if_match}"' if isinstance(if_match, int) else if_match
        if body is not None:
            sent["Content-Type"] = media_type or (MERGE_PATCH if method == "PATCH" else JSON)
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        return await self.client.request(method, path, content=content, headers=sent)

    async def get(self, path: str, by: str | None, **more: Any) -> httpx2.Response:
        """GET a path under /v1/transactions."""
        return await self.send("GET", f"/v1/transactions{path}", by, **more)

    async def create(self, by: str, body: Any, **more: Any) -> httpx2.Response:
        """POST a draft."""
        return await self.send("POST", "/v1/transactions", by, body, **more)

    async def act(self, verb: str, id: str, by: str, terms_rev: int | None = None, **more: Any) -> httpx2.Response:
        """POST an action."""
        if terms_rev is not None:
            more["body"] = {"terms_rev": terms_rev}
        return await self.send("POST", f"/v1/transactions/{id}/{verb}", by, **more)

    async def patch(self, id: str, by: str, body: Any, if_match: int | str | None, **more: Any) -> httpx2.Response:
        """PATCH a transaction."""
        return await self.send("PATCH", f"/v1/transactions/{id}", by, body, if_match=if_match, **more)

    # --- transactions in a state ---

    @staticmethod
    def gift(giver: str, receiver: str, minutes: int = 60) -> dict[str, Any]:
        """The legs of a gift: lessons on the guitar."""
        return {"a": {"giver": giver, "receiver": receiver, "skill": "guitar", "minutes": minutes}}

    @staticmethod
    def swap(giver: str, receiver: str) -> dict[str, Any]:
        """Guitar for German, an hour each."""
        there = {"giver": giver, "receiver": receiver, "skill": "guitar", "minutes": 60}
        back = {"giver": receiver, "receiver": giver, "skill": "german", "minutes": 60}
        return {"title": "Guitar for German", "settlement": "none", "legs": {"a": there, "b": back}}

    async def drafted(self, by: str, other: str, **changes: Any) -> str:
        """The id of a draft of a swap."""
        answer = await self.create(by, {**self.swap("me", other), **changes})
        assert answer.status_code == 201, answer.text
        id: str = answer.json()["id"]
        return id

    async def proposed(self, by: str, other: str, **changes: Any) -> str:
        """The id of a proposed swap, at version 2."""
        id = await self.drafted(by, other, **changes)
        answer = await self.act("propose", id, by)
        assert answer.status_code == 200, answer.text
        return id

    async def accepted(self, by: str, other: str, **changes: Any) -> str:
        """The id of an accepted swap, at version 3."""
        id = await self.proposed(by, other, **changes)
        answer = await self.act("accept", id, other, 1)
        assert answer.status_code == 200, answer.text
        return id

    async def confirmed(self, by: str, other: str) -> str:
        """The id of an accepted gift by `by` that its giver has confirmed, at version 4."""
        id = await self.accepted(by, other, legs=self.gift(by, other))
        answer = await self.act("finalize", id, by, 1)
        assert answer.json()["state"] == "accepted", answer.text
        return id

    async def finalized(self, by: str, other: str, **changes: Any) -> str:
        """The id of a finalized swap, at version 4; of a gift too, for it is the receiver who says so."""
        id = await self.accepted(by, other, **changes)
        answer = await self.act("finalize", id, other, 1)
        assert answer.json()["state"] == "finalized", answer.text
        return id

    async def declined(self, by: str, other: str) -> str:
        """The id of a swap that the other participant declined, at version 3."""
        id = await self.proposed(by, other)
        assert (await self.act("decline", id, other)).status_code == 200
        return id

    async def cancelled(self, by: str, other: str) -> str:
        """The id of a swap that its author cancelled, at version 3."""
        id = await self.proposed(by, other)
        assert (await self.act("cancel", id, by)).status_code == 200
        return id

    async def expired(self, by: str, other: str) -> str:
        """The id of a swap that nobody answered in time, at version 3."""
        id = await self.proposed(by, other)
        self.clock.advance(days=14)
        await self.sweep()
        return id

    async def in_state(self, state: str, by: str, other: str) -> str:
        """The id of a transaction in a state, or in `confirmed`: accepted, and one participant's word for it."""
        way: Callable[[str, str], Awaitable[str]] = getattr(self, f"{state}ed" if state == "draft" else state)
        return await way(by, other)

    async def sweep(self) -> None:
        """Let time do its part, until nothing is due."""
        while await self.sweeper.turn():
            pass

    # --- what was kept ---

    async def events(self, id: str) -> list[Event]:
        """The events in the outbox that tell of a transaction, by sequence."""
        outbox = tables.outbox.c
        query = select(outbox.payload).where(outbox.subject == id).order_by(outbox.sequence)
        async with self.database.read() as connection:
            return [Event.from_json(row.payload) for row in await connection.execute(query)]

    async def history(self, id: str) -> list[tuple[int, str]]:
        """The numbers and actions of a transaction's history, in order."""
        entries = tables.history.c
        query = select(entries.number, entries.action).where(entries.transaction_id == id).order_by(entries.number)
        async with self.database.read() as connection:
            return [(row.number, row.action) for row in await connection.execute(query)]

    async def tell(self, user: str, status: str, sequence: int = 1, name: str = "updated") -> None:
        """Let the service hear of a user's status, by an event."""
        data: dict[str, object] = {"from": None, "to": status, "changed": []}
        event = Event(new_id(), f"user.{name}.v1", "/users", user, sequence, self.clock.now(), data)
        await self.inbox.receive(event.to_json())


@pytest.fixture(scope="session", autouse=True)
def logs() -> None:
    """Log as the service does."""
    telemetry.configure("transactions")


@pytest.fixture(scope="session")
def pool() -> UserPool:
    """A user pool; its key takes a moment to make."""
    return UserPool()


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands still."""
    return FixedClock()


@pytest.fixture
def ada() -> str:
    """A member: the author, as a rule."""
    return new_id()


@pytest.fixture
def bo() -> str:
    """Another member."""
    return new_id()


@pytest.fixture
def migrated_url(database_url: str) -> str:
    """The URL of a migrated database of this test's own; SQLite, then MariaDB."""
    migrations.upgrade(database_url, MIGRATIONS)
    return database_url


@pytest.fixture(scope="module")
def shared_url(module_database_url: str) -> str:
    """The same, shared by the module's tests; each makes up members of its own."""
    migrations.upgrade(module_database_url, MIGRATIONS)
    return module_database_url


@pytest.fixture
async def world(shared_url: str, pool: UserPool, clock: FixedClock) -> AsyncIterator[World]:
    """The service over the module's database."""
    async with AsyncExitStack() as stack:
        yield World(stack, shared_url, pool, clock)


@pytest.fixture
async def other_process(shared_url: str, pool: UserPool, clock: FixedClock) -> AsyncIterator[World]:
    """Another process's worth of the service over the same database, with connections of its own."""
    async with AsyncExitStack() as stack:
        yield World(stack, shared_url, pool, clock)


@pytest.fixture
def world_over() -> type[World]:
    """The service over whatever database a test names."""
    return World
