"""What every service is built on, wired once: database, outbox, relay, idempotency, tokens, cache."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx2
from sqlalchemy import MetaData, Table

from skillsync_kit.auth import Keys, TokenVerifier
from skillsync_kit.aws import SnsPublisher, open_client
from skillsync_kit.cache import Cache
from skillsync_kit.clock import Clock, SystemClock, domain_clock
from skillsync_kit.consumer import Consumer
from skillsync_kit.database import Database
from skillsync_kit.events import Event
from skillsync_kit.failed_messages import FailedMessages
from skillsync_kit.idempotency import Idempotency
from skillsync_kit.inbox import Handler, Inbox
from skillsync_kit.operations import Operations
from skillsync_kit.outbox import Outbox
from skillsync_kit.processed_messages import ProcessedMessages
from skillsync_kit.rebuild import Rebuild
from skillsync_kit.relay import Relay
from skillsync_kit.settings import Settings
from skillsync_kit.transport import Transport

__all__ = ["Foundation", "lay"]

# An idle connection is given up soon: one that lies about leads to a process that may have begun to drain since.
_CONNECTIONS = httpx2.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=1)


@dataclass
class Foundation:
    """The parts; a service without an outbox or idempotency records has none of them in its tables.

    Facts are dated by `clock`, which a local run can move. What only guards work in hand (a claim, when to try again)
    or was promised by somebody else (a token's end) goes by `real_clock`: a jump must neither end nor prolong it.
    """

    name: str
    clock: Clock
    real_clock: Clock
    database: Database
    cache: Cache
    http: httpx2.AsyncClient
    verifier: TokenVerifier
    processed: ProcessedMessages
    failed: FailedMessages
    long_poll_seconds: int
    outbox: Outbox | None
    idempotency: Idempotency | None
    operations: Operations
    _on_commit: list[Callable[[], None]]

    async def relay(self, stack: AsyncExitStack, topic_arn: str) -> Relay:
        """The relay of this service's outbox, woken by every commit of this process."""
        if self.outbox is None:
            raise RuntimeError(f"{self.name} has no outbox")
        publisher = SnsPublisher(await open_client(stack, "sns"), topic_arn)
        relay = Relay(self.database, self.outbox, publisher, self.clock)
        self._on_commit.append(relay.wake)
        return relay

    async def consumer(
        self,
        stack: AsyncExitStack,
        queue_url: str,
        handlers: dict[str, Handler],
        handled: Callable[[], None] = lambda: None,
        rebuild: Rebuild | None = None,
        *,
        name: str | None = None,
        read: Callable[[str], Event] = Event.from_json,
    ) -> Consumer:
        """The consumer of a queue of this service's; `handled` is called when messages had their effect.

        `rebuild` is the read model that a replay may build anew beside it. A second consumer has a `name` of its own,
        and reads what is no event of ours by `read`; see Inbox.
        """
        inbox = Inbox(name or self.name, self.database, self.processed, handlers, rebuild, read)
        # The read timeout outlives the long poll.
        client = await open_client(stack, "sqs", read_timeout_seconds=40)
        return Consumer(client, queue_url, inbox, self.failed, handled, long_poll_seconds=self.long_poll_seconds)


def lay(stack: AsyncExitStack, settings: Settings, name: str, metadata: MetaData) -> Foundation:
    """Wire the parts of the service `name` over its tables; everything opened is closed with `stack`."""
    clock, real_clock = domain_clock(settings.clock_file), SystemClock()
    tables: dict[str, Table] = dict(metadata.tables)
    outbox = Outbox(tables["outbox"], clock) if "outbox" in tables else None
    on_commit: list[Callable[[], None]] = []

    def committed() -> None:
        for tell in on_commit:
            tell()

    database = Database(
        settings.database_address,
        ca=settings.database_ca,
        pool_size=settings.database_pool_size,
        record=outbox.record if outbox else None,
        committed=committed,
    )
    stack.push_async_callback(database.close)
    cache = Cache(settings.cache_address, name)
    stack.push_async_callback(cache.close)
    http = httpx2.AsyncClient(transport=Transport(limits=_CONNECTIONS), follow_redirects=False)
    stack.push_async_callback(http.aclose)
    verifier = TokenVerifier(
        Keys(http, settings.jwks_url).get,
        real_clock,
        issuer=settings.token_issuer,
        web_client_id=settings.web_client_id,
        worker_client_id=settings.worker_client_id,
    )
    failed = FailedMessages(tables["failed_messages"], clock)
    return Foundation(
        name=name,
        clock=clock,
        real_clock=real_clock,
        database=database,
        cache=cache,
        http=http,
        verifier=verifier,
        processed=ProcessedMessages(tables["processed_messages"], clock),
        failed=failed,
        long_poll_seconds=settings.long_poll_seconds,
        outbox=outbox,
        idempotency=Idempotency(tables["idempotency_records"], clock) if "idempotency_records" in tables else None,
        operations=Operations(database, outbox, failed, clock),
        _on_commit=on_commit,
    )
