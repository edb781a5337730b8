"""Composition root: wires the notifications service by hand, and runs it.

python -m skillsync_notifications.main {all|api|worker|republish}
"""

from collections.abc import Sequence
from contextlib import AsyncExitStack

from skillsync_kit import process
from skillsync_kit.app import Health, create_app
from skillsync_kit.aws import open_client
from skillsync_kit.erasures import Erasures
from skillsync_kit.foundation import Foundation, lay
from skillsync_kit.http_client import ServiceClient
from skillsync_kit.ids import new_id
from skillsync_kit.internal_client import InternalService
from skillsync_kit.process import Parts
from skillsync_kit.republish import run_republish
from skillsync_kit.worker_tokens import SecretsManager, WorkerTokens
from skillsync_notifications.clients import Ses, TransactionsService, UsersService
from skillsync_notifications.consumer import handlers
from skillsync_notifications.repository import MailRepository
from skillsync_notifications.router import routers
from skillsync_notifications.service import Delivery, Desk, Notifications, Sender, Templates
from skillsync_notifications.settings import NotificationsSettings
from skillsync_notifications.tables import erased_users, metadata

__all__ = ["build"]

_NAME = "notifications"
_SCOPES = ("skillsync/users.contact", "skillsync/transactions.read")


async def build(stack: AsyncExitStack, settings: NotificationsSettings) -> Parts:
    """The process's parts, over what `stack` will close."""
    base = lay(stack, settings, _NAME, metadata)
    repository = MailRepository()
    erasures = Erasures(base.database, erased_users, base.clock)
    notifications = Notifications(
        database=base.database, repository=repository, erasures=erasures, clock=base.clock, new_id=new_id
    )
    delivery = Delivery(
        database=base.database,
        repository=repository,
        desk=await _desk(stack, settings, base),
        clock=base.clock,
        new_id=new_id,
    )
    sender = Sender(database=base.database, repository=repository, delivery=delivery, clock=base.clock)
    relay = await base.relay(stack, settings.topic_arn)
    consumer = await base.consumer(stack, settings.queue_url, handlers(notifications), handled=sender.wake)
    health = Health()
    app = create_app(
        _NAME,
        health=health,
        verifier=base.verifier,
        routers=routers,
        state={"notifications": notifications, "operations": base.operations, "erasures": erasures},
    )
    return Parts(
        app,
        health,
        worker_loops=(consumer.run, sender.run),
        relay_loops=(relay.run,),
        warm=(base.database.warm,),
    )


async def _desk(stack: AsyncExitStack, settings: NotificationsSettings, base: Foundation) -> Desk:
    secrets = SecretsManager(await open_client(stack, "secretsmanager"), settings.worker_secret_id)
    tokens = WorkerTokens(
        base.http,
        url=settings.token_url,
        client_id=settings.worker_client_id,
        read_secret=secrets.read,
        scopes=_SCOPES,
    )
    users = ServiceClient(base.http, "users", settings.users_url)
    transactions = ServiceClient(base.http, "transactions", settings.transactions_url)
    # Not repeated by the AWS client: SES may have sent the mail whose answer was lost.
    ses = await open_client(stack, "sesv2", attempts=1)
    return Desk(
        contacts=UsersService(InternalService(users, tokens)),
        exchanges=TransactionsService(InternalService(transactions, tokens)),
        templates=Templates(settings.web_url),
        post_office=Ses(ses, sender=settings.mail_sender, configuration_set=settings.mail_configuration_set),
    )


def republish(arguments: Sequence[str]) -> None:
    """Send a window of events once more."""
    run_republish(_NAME, NotificationsSettings, metadata, arguments)


def main() -> None:
    """Run the process."""
    process.run(_NAME, NotificationsSettings, build, {"republish": republish})


if __name__ == "__main__":
    main()
