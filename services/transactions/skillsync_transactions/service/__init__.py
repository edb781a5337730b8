"""What people, and time, do with transactions: the use cases. Each opens one unit of work, which commits once."""

from skillsync_transactions.service.farewell import Farewell
from skillsync_transactions.service.ledger import Ledger
from skillsync_transactions.service.members import Members
from skillsync_transactions.service.own_data import OwnData
from skillsync_transactions.service.record import Record
from skillsync_transactions.service.sweeper import Sweeper
from skillsync_transactions.service.transactions import Filters, Transactions

__all__ = ["Farewell", "Filters", "Ledger", "Members", "OwnData", "Record", "Sweeper", "Transactions"]
