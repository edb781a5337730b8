"""The service in this process: its inbox, sender, app and database; fakes of what a mail needs; a standing clock."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
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
from skillsync_kit.ids import new_id
from skillsync_kit.inbox import Inbox
from skillsync_kit.testing import FixedClock, UserPool
from skillsync_notifications import tables
from skillsync_notifications.consumer import UseCases, handlers, read_return, return_handlers
from skillsync_notifications.entities import (
    Brief,
    Contact,
    Exchange,
    ExchangeLeg,
    Hours,
    Letter,
    Mail,
    Template,
    WatchedOffering,
)
from skillsync_notifications.repository import (
    MailRepository,
    PreferencesRepository,
    ReminderRepository,
    ScheduleRepository,
    SuppressionRepository,
)
from skillsync_notifications.router import conceal, routers
from skillsync_notifications.service import (
    Delivery,
    Desk,
    Languages,
    MailFeedback,
    Matters,
    MemberPreferences,
    Notifications,
    OwnData,
    Reminders,
    Sender,
    Templates,
    WeeklyMails,
)
from skillsync_notifications.settings import NotificationsSettings

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Crash(BaseException):
    """The process ends here: nothing of it runs on."""


class KnownMembers:
    """A fake of the users service: knows everyone but those gone, and can be away."""

    def __init__(self) -> None:
        self.gone: set[str] = set()
        self.offerings: dict[str, WatchedOffering] = {}
        self.is_away = False
        self.time_zone, self.locale = "Europe/Berlin", "en"

    @staticmethod
    def address(user: str) -> str:
        """Where that member's mail goes."""
        return f"{user}@people.example"

    async def contact(self, user: str) -> Contact | None:
        """See clients.Contacts."""
        if self.is_away:
            raise DependencyUnavailable("The users service does not answer.")
        return None if user in self.gone else Contact(self.address(user), "Secret Name", self.locale, self.time_zone)

    async def offering(self, id: str) -> WatchedOffering | None:
        """See clients.Offerings."""
        return self.offerings.get(id)


class KnownExchanges:
    """A fake of the transactions service: every id is a swap between the viewer and Bo."""

    def __init__(self) -> None:
        self.gone: set[str] = set()
        self.fault: Exception | None = None
        self.changes: dict[str, dict[str, Any]] = {}
        self.accounts: dict[str, Hours] = {}

    async def exchange(self, id: str, viewer: str) -> Exchange | None:
        """See clients.Exchanges."""
        if self.fault:
            raise self.fault
        return None if id in self.gone else swap(id, viewer, **self.changes.get(id, {}))

    async def hours(self, user: str, since: datetime) -> Hours:
        """See clients.Exchanges."""
        if self.fault:
            raise self.fault
        return self.accounts.get(user, Hours())


class KnownCoordinators:
    """A fake of the user pool's group."""

    def __init__(self) -> None:
        self.them: set[str] = set()
        self.is_away = False

    async def ids(self) -> frozenset[str]:
        """See clients.Coordinators."""
        if self.is_away:
            raise DependencyUnavailable("The user pool does not answer.")
        return frozenset(self.them)


class KnownFigures:
    """A fake of the analytics service: a week in which three exchanges took place."""

    def __init__(self) -> None:
        self.asked: list[date] = []

    async def brief(self, monday: date) -> Brief:
        """See clients.Figures."""
        self.asked.append(monday)
        return Brief(monday, monday + timedelta(days=6), exchanges_finalized=3)


class KnownLimit:
    """A fake of SES's account: lets as much through as a test wants, and can be away."""

    def __init__(self) -> None:
        self.rate = 1000.0
        self.is_away = False
        self.asked = 0

    async def mails_per_second(self) -> float:
        """See clients.SendingLimit."""
        self.asked += 1
        if self.is_away:
            raise DependencyUnavailable("SES does not answer.")
        return self.rate


class Mailbox:
    """A fake of SES: keeps what it took; `before` and `after` are called with each letter, and may raise."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.before: Callable[[Letter], None] = lambda letter: None
        self.after: Callable[[Letter], None] = lambda letter: None
        self.is_frozen = False

    async def send(self, letter: Letter) -> str:
        """See clients.PostOffice."""
        self.before(letter)
        self.letters.append(letter)
        self.after(letter)
        if self.is_frozen:
            # SES has it, and its answer never arrives.
            await asyncio.Event().wait()
        return f"ses-{len(self.letters)}"

    @property
    def addresses(self) -> list[str]:
        """Where letters went, in alphabetical order."""
        return sorted(letter.address for letter in self.letters)


def swap(id: str, ana: str, *legs: ExchangeLeg, **changes: Any) -> Exchange:
    """Guitar for German, unless other legs are given."""
    usual = (ExchangeLeg("Ana", "Bo", "classical-guitar", 60), ExchangeLeg("Bo", "Ana", "german", 90))
    exchange = Exchange(id, "Secret Title", "", None, NOON, {ana: "Ana", "bo": "Bo"}, legs or usual)
    return replace(exchange, **changes)


class World:
    """One process of the service. Worlds that are given the same fakes share them, as processes share a mailbox."""

    def __init__(self, stack: AsyncExitStack, database_url: str, pool: UserPool, other: "World | None" = None) -> None:
        self.settings = NotificationsSettings(
            port=0,
            database_url=database_url,
            token_issuer=pool.issuer,
            jwks_url="http://pool.example/jwks.json",
            web_client_id=pool.web_client_id,
            worker_client_id=pool.worker_client_id,
            topic_arn="arn:aws:sns:us-east-1:000000000000:transaction-events",
            queue_url="http://queue.example/notification",
            feedback_queue_url="http://queue.example/feedback",
            users_url="http://users.example",
            transactions_url="http://transactions.example",
            analytics_url="http://analytics.example",
            token_url="http://pool.example/oauth2/token",  # noqa: S106
            worker_secret_id="worker",  # noqa: S106
            mail_sender="no-reply@mail.example",
            web_url="http://web.example",
        )
        base = lay(stack, self.settings, "notifications", tables.metadata)
        self.pool, self.database = pool, base.database
        self.written: list[tuple[str, Any]] = []
        self.clock: FixedClock = other.clock if other else FixedClock(NOON)
        self.members: KnownMembers = other.members if other else KnownMembers()
        self.exchanges: KnownExchanges = other.exchanges if other else KnownExchanges()
        self.coordinators: KnownCoordinators = other.coordinators if other else KnownCoordinators()
        self.mailbox: Mailbox = other.mailbox if other else Mailbox()
        self.repository, switches, suppressions = MailRepository(), PreferencesRepository(), SuppressionRepository()
        erasures = Erasures(base.database, tables.erased_users, self.clock)
        notifications = Notifications(
            database=base.database,
            repository=self.repository,
            preferences=switches,
            erasures=erasures,
            clock=self.clock,
            new_id=new_id,
        )
        self.preferences = MemberPreferences(
            database=base.database,
            repository=switches,
            clock=self.clock,
            new_token=lambda: secrets.token_urlsafe(32),
            base_url="http://edge.example",
        )
        feedback = MailFeedback(repository=self.repository, suppressions=suppressions, clock=self.clock, new_id=new_id)
        self.plans, self.schedules = ReminderRepository(), ScheduleRepository()
        self.reminders = Reminders(
            database=base.database,
            repository=self.plans,
            mails=self.repository,
            clock=self.clock,
            new_id=new_id,
        )
        self.weekly = WeeklyMails(
            database=base.database,
            repository=self.schedules,
            mails=self.repository,
            preferences=self.preferences,
            contacts=self.members,
            coordinators=self.coordinators,
            clock=self.clock,
            new_id=new_id,
        )
        self.figures = KnownFigures()
        self.matters = Matters(
            database=base.database,
            repository=self.plans,
            exchanges=self.exchanges,
            figures=self.figures,
            offerings=self.members,
            clock=self.clock,
        )
        use_cases = UseCases(notifications, self.reminders, self.weekly)
        self.inbox = Inbox("notifications", base.database, base.processed, handlers(use_cases))
        self.returns = Inbox(
            "notifications-feedback", base.database, base.processed, return_handlers(feedback), read=read_return
        )
        self.delivery = Delivery(
            database=base.database,
            repository=self.repository,
            desk=Desk(
                self.members,
                self.matters,
                Templates(self.settings.web_url),
                self.mailbox,
                self.preferences,
                suppressions,
            ),
            clock=self.clock,
            new_id=new_id,
        )
        self.limit: KnownLimit = other.limit if other else KnownLimit()
        self.sender = Sender(
            database=base.database,
            repository=self.repository,
            delivery=self.delivery,
            limit=self.limit,
            clock=self.clock,
        )
        self.app = create_app(
            "notifications",
            health=Health(),
            verifier=pool.verifier(self.clock),
            routers=routers,
            state={
                "notifications": notifications,
                "preferences": self.preferences,
                "idempotency": base.idempotency,
                "operations": base.operations,
                "trails": base.trails,
                "erasures": erasures,
                "exports": Exports(base.database, OwnData(mails=self.repository, preferences=switches).parts),
                "languages": Languages(),
            },
            conceal=conceal,
        )
        self.client = httpx2.AsyncClient(transport=httpx2.ASGITransport(self.app), base_url="http://mails.example")

    async def get(self, path: str, by: str, **headers: str) -> httpx2.Response:
        """GET a path as a user."""
        return await self.client.get(path, headers={"Authorization": f"Bearer {self.pool.token(by)}", **headers})

    async def send(self, method: str, path: str, by: str | None, body: Any = None, **headers: str) -> httpx2.Response:
        """A request, as a user unless nobody; underscores in headers' names are hyphens."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if by:
            sent["Authorization"] = f"Bearer {self.pool.token(by)}"
        if body is not None:
            kind = "merge-patch+json" if method == "PATCH" else "json"
            sent["Content-Type"] = f"application/{kind}"
        content = None if body is None else json.dumps(body).encode()
        return await self.client.request(method, path, content=content, headers=sent)

    async def send_all(self) -> None:
        """Send until nothing is due."""
        while await self.sender.take():
            await self.sender.finish()

    async def mails(self) -> list[Any]:
        """The rows of the table mails, the oldest first."""
        async with self.database.read() as connection:
            return list((await connection.execute(select(tables.mails).order_by(tables.mails.c.id))).all())

    async def published(self) -> list[dict[str, Any]]:
        """The events in the outbox."""
        async with self.database.read() as connection:
            rows = await connection.execute(select(tables.outbox.c.payload).order_by(tables.outbox.c.id))
            return [json.loads(row.payload) for row in rows]

    @staticmethod
    def event(type: str, *participants: str, actor: str | None = None, **changes: Any) -> Event:
        """A transaction's event among these participants; with `subject`, of any other thing."""
        event = Event(
            id=new_id(),
            type=type,
            source="/transactions",
            subject=new_id(),
            sequence=1,
            time=NOON,
            data={"participants": list(participants)},
            actor=actor,
            correlation_id="flow-1",
            traceparent=TRACE,
        )
        return replace(event, **changes)

    async def receive(self, *events: Event) -> None:
        """Deliver these events, one after the other."""
        for event in events:
            await self.inbox.receive(event.to_json())

    async def intend(self, count: int = 1) -> list[str]:
        """Have `count` receipts intended, each to another member; who they are."""
        people = [new_id() for _ in range(count)]
        for person in people:
            await self.receive(self.event("transaction.finalized.v1", person, actor=person))
        return people


@pytest.fixture(scope="session", autouse=True)
def traces() -> None:
    """Traces as in a process of the service, so that traceparents are real."""
    telemetry.configure("notifications")


@pytest.fixture(scope="session")
def pool() -> UserPool:
    """A user pool; its key takes a moment to make."""
    return UserPool()


@pytest.fixture
def migrated_url(database_url: str) -> str:
    """The URL of a migrated database of this test's own; SQLite, then MariaDB."""
    migrations.upgrade(database_url, MIGRATIONS)
    return database_url


@pytest.fixture
async def world(migrated_url: str, pool: UserPool) -> AsyncIterator[World]:
    """The service over an empty database."""
    async with AsyncExitStack() as stack:
        yield World(stack, migrated_url, pool)


@pytest.fixture
async def two_worlds(migrated_url: str, pool: UserPool) -> AsyncIterator[tuple[World, World]]:
    """Two processes' worth of the service over one database, with connections of their own and one mailbox."""
    async with AsyncExitStack() as stack:
        first = World(stack, migrated_url, pool)
        yield first, World(stack, migrated_url, pool, first)


@pytest.fixture
def a_mail() -> Callable[..., Mail]:
    """Makes intents."""

    def make(template: Template = Template.RECEIPT, **changes: Any) -> Mail:
        mail = Mail(new_id(), new_id(), new_id(), template, "email", new_id(), None, NOON)
        return replace(mail, **changes)

    return make


@pytest.fixture
def a_letter() -> Callable[..., Letter]:
    """Makes letters."""

    def make(**changes: Any) -> Letter:
        letter = Letter("mail-1", "bo@people.example", "Bo", "Receipt: Guitar", "Hello\n", "<p>Hello</p>", "en", NOON)
        return replace(letter, **changes)

    return make


@pytest.fixture
def an_exchange() -> Callable[..., Exchange]:
    """Makes exchanges; see `swap`."""
    return swap


@pytest.fixture
def crash() -> type[BaseException]:
    """What a test raises where the process is to end."""
    return Crash
