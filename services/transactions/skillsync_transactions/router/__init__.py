"""The service's routes: HTTP in, shape out, no decisions."""

from skillsync_kit.erasures_router import erasures_router
from skillsync_kit.exports_router import exports_router
from skillsync_kit.operations_router import consumer_router, producer_router
from skillsync_kit.trails_router import consumed_trails_router, produced_trails_router
from skillsync_transactions.router.actions import router as actions
from skillsync_transactions.router.context import conceal
from skillsync_transactions.router.internal import router as internal
from skillsync_transactions.router.ledger import router as ledger
from skillsync_transactions.router.transactions import router as transactions

__all__ = ["conceal", "routers"]

routers = (
    transactions,
    actions,
    ledger,
    internal,
    erasures_router,
    exports_router,
    producer_router,
    consumer_router,
    produced_trails_router,
    consumed_trails_router,
)
