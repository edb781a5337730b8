"""Composition root: wires the transactions service by hand, and runs it.

python -m skillsync_transactions.main {all|api|worker|republish}
"""

from collections.abc import Sequence
from contextlib import AsyncExitStack

from skillsync_kit import process
from skillsync_kit.app import Health, create_app
from skillsync_kit.erasures import Erasures
from skillsync_kit.exports import Exports
from skillsync_kit.foundation import lay
from skillsync_kit.http_client import ServiceClient
from skillsync_kit.idempotency import Idempotency
from skillsync_kit.ids import new_id
from skillsync_kit.process import Parts
from skillsync_kit.republish import run_republish
from skillsync_transactions.clients import UsersService
from skillsync_transactions.consumer import handlers
from skillsync_transactions.repository import (
    AccountRepository,
    FarewellRepository,
    PeopleReplica,
    TransactionRepository,
)
from skillsync_transactions.router import conceal, routers
from skillsync_transactions.service import Farewell, Ledger, Members, OwnData, Record, Sweeper, Transactions
from skillsync_transactions.settings import TransactionsSettings
from skillsync_transactions.tables import erased_users, idempotency_records, metadata

__all__ = ["build"]

_NAME = "transactions"


async def build(stack: AsyncExitStack, settings: TransactionsSettings) -> Parts:
    """The process's parts, over what `stack` will close."""
    base = lay(stack, settings, _NAME, metadata)
    people = UsersService(ServiceClient(base.http, "users", settings.users_url), base.cache)
    members = Members(people=people, replica=PeopleReplica())
    repository = TransactionRepository()
    accounts = AccountRepository()
    ledger = Ledger(database=base.database, repository=accounts, new_id=new_id)
    record = Record(repository=repository, ledger=ledger, new_id=new_id)
    transactions = Transactions(
        database=base.database,
        repository=repository,
        record=record,
        ledger=ledger,
        members=members,
        clock=base.clock,
        new_id=new_id,
    )
    idempotency = Idempotency(idempotency_records, base.clock)
    sweeper = Sweeper(
        database=base.database,
        repository=repository,
        record=record,
        forget_old=idempotency.forget_old,
        clock=base.clock,
    )
    erasures = Erasures(base.database, erased_users, base.clock)
    farewell = Farewell(
        database=base.database,
        transactions=repository,
        repository=FarewellRepository(),
        record=record,
        erasures=erasures,
        idempotency=idempotency,
        cache=base.cache,
        clock=base.clock,
    )
    own_data = OwnData(transactions=repository, accounts=accounts)
    relay = await base.relay(stack, settings.topic_arn)
    consumer = await base.consumer(stack, settings.queue_url, handlers(members, farewell))
    health = Health()
    app = create_app(
        _NAME,
        health=health,
        verifier=base.verifier,
        routers=routers,
        state={
            "transactions": transactions,
            "ledger": ledger,
            "idempotency": idempotency,
            "clock": base.clock,
            "operations": base.operations,
            "trails": base.trails,
            "erasures": erasures,
            "exports": Exports(base.database, own_data.parts),
        },
        conceal=conceal,
    )
    return Parts(
        app,
        health,
        worker_loops=(consumer.run, sweeper.run, farewell.run),
        relay_loops=(relay.run,),
        warm=(base.database.warm,),
    )


def republish(arguments: Sequence[str]) -> None:
    """Send a window of events once more."""
    run_republish(_NAME, TransactionsSettings, metadata, arguments)


def main() -> None:
    """Run the process."""
    process.run(_NAME, TransactionsSettings, build, {"republish": republish})


if __name__ == "__main__":
    main()
