"""Request and response shapes of the service's HTTP."""

from skillsync_transactions.schemas.books import BooksAnswer, represent_books
from skillsync_transactions.schemas.history import HistoryPage, represent_history
from skillsync_transactions.schemas.ledger import (
    BalanceRepresentation,
    LedgerPage,
    StatementForWorkers,
    represent_balance,
    represent_entry,
    represent_statement,
)
from skillsync_transactions.schemas.requests import AgreedTerms, Moment, Proposal, Refusal, Reversal, TransactionPatch
from skillsync_transactions.schemas.transactions import (
    TransactionPage,
    TransactionRepresentation,
    page_as_json,
    represent,
    transaction_as_json,
)

__all__ = [
    "AgreedTerms",
    "BalanceRepresentation",
    "BooksAnswer",
    "HistoryPage",
    "LedgerPage",
    "Moment",
    "Proposal",
    "Refusal",
    "Reversal",
    "StatementForWorkers",
    "TransactionPage",
    "TransactionPatch",
    "TransactionRepresentation",
    "page_as_json",
    "represent",
    "represent_balance",
    "represent_books",
    "represent_entry",
    "represent_history",
    "represent_statement",
    "transaction_as_json",
]
