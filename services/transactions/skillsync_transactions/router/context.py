"""What the routes share: the parts of their app, and a transaction as an answer."""

from typing import Annotated

from fastapi import Depends, Request

from skillsync_kit.auth import Principal
from skillsync_kit.clock import Clock
from skillsync_kit.etags import etag
from skillsync_kit.idempotency import Idempotency, IdempotencyKey, Once, Reply
from skillsync_kit.ids import canonical_id
from skillsync_transactions.entities import Transaction
from skillsync_transactions.errors import TransactionNotFound
from skillsync_transactions.schemas import TransactionRepresentation, represent, transaction_as_json
from skillsync_transactions.service import Ledger, Transactions

__all__ = ["Context", "InContext", "Key", "conceal"]


class Context:
    """What the routes need of their app."""

    def __init__(self, request: Request) -> None:
        self.transactions: Transactions = request.app.state.transactions
        self.ledger: Ledger = request.app.state.ledger
        self.idempotency: Idempotency = request.app.state.idempotency
        self._clock: Clock = request.app.state.clock

    def shown(self, transaction: Transaction, by: Principal) -> TransactionRepresentation:
        """The transaction as the caller sees it."""
        return represent(transaction, by.id, self._clock.now())

    def answer(self, transaction: Transaction, by: Principal, status: int = 200) -> Reply:
        """The transaction as an answer, with its ETag."""
        headers = {"ETag": etag(transaction.version)}
        if status == 201:
            headers["Location"] = f"/v1/transactions/{transaction.id}"
        return Reply(status, transaction_as_json(self.shown(transaction, by)), headers)

    def once(self, key: IdempotencyKey, by: Principal, status: int = 200) -> Once[Transaction]:
        """Do a use case once under the caller's key."""
        return key.answering(self.idempotency, lambda transaction: self.answer(transaction, by, status))


async def _context(request: Request) -> Context:
    return Context(request)


InContext = Annotated[Context, Depends(_context)]
Key = Annotated[IdempotencyKey, Depends(IdempotencyKey.of)]


async def conceal(request: Request, principal: Principal) -> None:
    """Raise TransactionNotFound when the path names a transaction the caller may not see."""
    if "id" in request.path_params:
        transactions: Transactions = request.app.state.transactions
        try:
            id = canonical_id(request.path_params["id"])
        except ValueError:
            raise TransactionNotFound() from None
        await transactions.read(principal, id)
