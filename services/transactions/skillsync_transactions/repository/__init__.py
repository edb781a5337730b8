"""All SQL of the service. Who may see a transaction is decided here, once: by its row in `transaction_participants`."""

from skillsync_transactions.repository.accounts import AccountRepository
from skillsync_transactions.repository.books import BookRepository
from skillsync_transactions.repository.farewell import FarewellRepository
from skillsync_transactions.repository.histories import HistoryRepository
from skillsync_transactions.repository.people import PeopleReplica
from skillsync_transactions.repository.transactions import Seen, TransactionRepository

__all__ = [
    "AccountRepository",
    "BookRepository",
    "FarewellRepository",
    "HistoryRepository",
    "PeopleReplica",
    "Seen",
    "TransactionRepository",
]
