"""Composition root: wires the notifications service by hand, and runs it.

python -m skillsync_notifications.main {all|api|worker|republish}
"""

import secrets
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from skillsync_kit import process
from skillsync_kit.app import Health, create_app
from skillsync_kit.aws import open_client
from skillsync_kit.erasures import Erasures
from skillsync_kit.exports import Exports
from skillsync_kit.foundation import Foundation, lay
from skillsync_kit.http_client import ServiceClient
from skillsync_kit.ids import new_id
from skillsync_kit.internal_client import InternalService
from skillsync_kit.process import Loop, Parts
from skillsync_kit.republish import run_republish
from skillsync_kit.worker_tokens import SecretsManager, WorkerTokens
from skillsync_notifications.clients import (
    AnalyticsService,
    Contacts,
    Coordinators,
    Exchanges,
    Figures,
    FixedLimit,
    Offerings,
    PostOffice,
    SendingLimit,
    Ses,
    SesLimit,
    TransactionsService,
    UserPoolGroup,
    UsersService,
)
from skillsync_notifications.consumer import UseCases, handlers, read_return, return_handlers
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
    Scheduler,
    Sender,
    Templates,
    WeeklyMails,
)
from skillsync_notifications.settings import NotificationsSettings
from skillsync_notifications.tables import erased_users, metadata

__all__ = ["build"]

_NAME = "notifications"
_SCOPES = ("skillsync/users.contact", "skillsync/transactions.read", "skillsync/analytics.read")


@dataclass(frozen=True, slots=True)
class _Outside:
    """Whom this service asks."""

    contacts: Contacts
    exchanges: Exchanges
    figures: Figures
    offerings: Offerings
    coordinators: Coordinators
    post_office: PostOffice
    limit: SendingLimit


async def build(stack: AsyncExitStack, settings: NotificationsSettings) -> Parts:
    """The process's parts, over what `stack` will close."""
    base = lay(stack, settings, _NAME, metadata)
    if base.idempotency is None:
        raise RuntimeError("the tables have no idempotency records")
    mails, switches = MailRepository(), PreferencesRepository()
    erasures = Erasures(base.database, erased_users, base.clock)
    notifications = Notifications(
        database=base.database,
        repository=mails,
        preferences=switches,
        erasures=erasures,
        clock=base.clock,
        new_id=new_id,
    )
    preferences = MemberPreferences(
        database=base.database,
        repository=switches,
        clock=base.clock,
        new_token=lambda: secrets.token_urlsafe(32),
        base_url=settings.api_url or settings.web_url,
    )
    relay = await base.relay(stack, settings.topic_arn)
    health = Health()
    app = create_app(
        _NAME,
        health=health,
        verifier=base.verifier,
        routers=routers,
        state={
            "notifications": notifications,
            "preferences": preferences,
            "idempotency": base.idempotency,
            "operations": base.operations,
            "trails": base.trails,
            "erasures": erasures,
            "exports": Exports(base.database, OwnData(mails=mails, preferences=switches).parts),
            "languages": Languages(),
        },
        conceal=conceal,
    )
    return Parts(
        app,
        health,
        worker_loops=await _loops(stack, settings, base, notifications, preferences, mails),
        relay_loops=(relay.run,),
        warm=(base.database.warm,),
    )


async def _loops(
    stack: AsyncExitStack,
    settings: NotificationsSettings,
    base: Foundation,
    notifications: Notifications,
    preferences: MemberPreferences,
    mails: MailRepository,
) -> tuple[Loop, ...]:
    """The worker's: two consumers, the sender, and the scheduler."""
    outside = await _outside(stack, settings, base)
    plans, suppressions = ReminderRepository(), SuppressionRepository()
    reminders = Reminders(database=base.database, repository=plans, mails=mails, clock=base.clock, new_id=new_id)
    weekly = WeeklyMails(
        database=base.database,
        repository=ScheduleRepository(),
        mails=mails,
        preferences=preferences,
        contacts=outside.contacts,
        coordinators=outside.coordinators,
        clock=base.clock,
        new_id=new_id,
    )
    matters = Matters(
        database=base.database,
        repository=plans,
        exchanges=outside.exchanges,
        figures=outside.figures,
        offerings=outside.offerings,
        clock=base.clock,
    )
    desk = Desk(
        contacts=outside.contacts,
        matters=matters,
        templates=Templates(settings.web_url),
        post_office=outside.post_office,
        preferences=preferences,
        suppressions=suppressions,
    )
    # A mail leaves in the real world, and its claim is a lease.
    clock = base.real_clock
    delivery = Delivery(database=base.database, repository=mails, desk=desk, clock=clock, new_id=new_id)
    sender = Sender(database=base.database, repository=mails, delivery=delivery, limit=outside.limit, clock=clock)
    use_cases = UseCases(notifications, reminders, weekly)
    consumer = await base.consumer(stack, settings.queue_url, handlers(use_cases), handled=sender.wake)
    feedback = MailFeedback(repository=mails, suppressions=suppressions, clock=base.clock, new_id=new_id)
    returns = await base.consumer(
        stack, settings.feedback_queue_url, return_handlers(feedback), name=f"{_NAME}-feedback", read=read_return
    )

    async def forget_old() -> int:
        return await base.idempotency.forget_old(base.database) if base.idempotency else 0

    tasks = (reminders.turn, weekly.turn, preferences.forget_old_links, forget_old)
    scheduler = Scheduler(tasks, done=sender.wake)
    return consumer.run, returns.run, sender.run, scheduler.run


async def _outside(stack: AsyncExitStack, settings: NotificationsSettings, base: Foundation) -> _Outside:
    keeper = SecretsManager(await open_client(stack, "secretsmanager"), settings.worker_secret_id)
    tokens = WorkerTokens(
        base.http,
        url=settings.token_url,
        client_id=settings.worker_client_id,
        read_secret=keeper.read,
        scopes=_SCOPES,
    )
    users = ServiceClient(base.http, "users", settings.users_url)
    transactions = ServiceClient(base.http, "transactions", settings.transactions_url)
    analytics = ServiceClient(base.http, "analytics", settings.analytics_url)
    # Not repeated by the AWS client: SES may have sent the mail whose answer was lost.
    ses = await open_client(stack, "sesv2", attempts=1)
    members = UsersService(InternalService(users, tokens))
    return _Outside(
        contacts=members,
        offerings=members,
        exchanges=TransactionsService(InternalService(transactions, tokens)),
        figures=AnalyticsService(InternalService(analytics, tokens)),
        # A user pool's issuer ends in its id.
        coordinators=UserPoolGroup(await open_client(stack, "cognito-idp"), settings.token_issuer.rpartition("/")[2]),
        post_office=Ses(ses, sender=settings.mail_sender, configuration_set=settings.mail_configuration_set),
        limit=FixedLimit(settings.mail_rate_per_second) if settings.mail_rate_per_second else SesLimit(ses),
    )


def republish(arguments: Sequence[str]) -> None:
    """Send a window of events once more."""
    run_republish(_NAME, NotificationsSettings, metadata, arguments)


def main() -> None:
    """Run the process."""
    process.run(_NAME, NotificationsSettings, build, {"republish": republish})


if __name__ == "__main__":
    main()
