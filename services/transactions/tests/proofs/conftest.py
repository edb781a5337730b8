"""What proofs share: the deployed service at either isolation level, its clients, its books, and sweepers."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest
import structlog
from sqlalchemy.ext.asyncio import create_async_engine

from skillsync_kit.clock import Clock, SystemClock
from skillsync_kit.database import Database
from skillsync_kit.idempotency import Idempotency
from skillsync_kit.ids import new_id
from skillsync_kit.outbox import Outbox
from skillsync_kit.testing import FixedClock, UserPool
from skillsync_testing import Emulator
from skillsync_testing.clients import Clients
from skillsync_testing.deployment import Deployment, deployed
from skillsync_transactions import tables
from skillsync_transactions.repository import AccountRepository, TransactionRepository
from skillsync_transactions.service import Ledger, Record, Sweeper

from .books import Books

# After the 14 days of every proposal and of every confirmed exchange, before the 60 of one that is only accepted.
AHEAD = timedelta(days=20)


@pytest.fixture(scope="session", params=["READ-COMMITTED", "REPEATABLE-READ"])
def deployment(request: pytest.FixtureRequest, pool: UserPool, emulator: Emulator) -> Iterator[Deployment]:
    """The running service; all proofs run at the one level, then all at the other."""
    with deployed(request.param, pool, emulator) as deployment:
        yield deployment


@pytest.fixture
async def clients(pool: UserPool, deployment: Deployment) -> AsyncIterator[Clients]:
    """Connections of this test's own."""
    clients = Clients(pool, [process.url for process in deployment.service.apis])
    yield clients
    await clients.close()


@pytest.fixture
async def books(deployment: Deployment) -> AsyncIterator[Books]:
    """The database, read in snapshots whatever the service's own level is."""
    engine = create_async_engine(deployment.database_url, isolation_level="REPEATABLE READ")
    books = Books(engine, deployment.isolation)
    yield books
    wrong = (await books.audit()).wrong
    await engine.dispose()
    # Whatever a proof was about, it leaves the hours in order.
    assert not any(wrong.values()), wrong


@pytest.fixture
async def sweepers(deployment: Deployment) -> AsyncIterator[list[Sweeper]]:
    """Two, each with connections of its own, and a clock set ahead: to them what waits for an answer is due."""
    clock = FixedClock(SystemClock().now() + AHEAD)
    outbox = Outbox(tables.outbox, clock)
    databases = [Database(deployment.database_url, pool_size=2, record=outbox.record) for _ in range(2)]
    # Each unit that begins again is a line of the log; here they are many, and in nobody's interest.
    logging_as_before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("error"))
    yield [_sweeper(database, clock) for database in databases]
    structlog.configure(**logging_as_before)
    for database in databases:
        await database.close()


def _sweeper(database: Database, clock: Clock) -> Sweeper:
    repository = TransactionRepository()
    ledger = Ledger(database=database, repository=AccountRepository(), new_id=new_id)
    return Sweeper(
        database=database,
        repository=repository,
        record=Record(repository=repository, ledger=ledger, new_id=new_id),
        forget_old=Idempotency(tables.idempotency_records, clock).forget_old,
        clock=clock,
    )
