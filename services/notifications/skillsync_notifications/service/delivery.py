"""One mail on its way: written, sent, and its fate recorded."""

import asyncio
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from skillsync_kit import metrics
from skillsync_kit.clock import Clock
from skillsync_kit.database import Database, UnitOfWork
from skillsync_kit.errors import Failure
from skillsync_kit.events import Event
from skillsync_kit.failpoints import failpoint
from skillsync_kit.telemetry import flow, log
from skillsync_notifications.clients import Contacts, PostOffice
from skillsync_notifications.entities import (
    Channel,
    Contact,
    Letter,
    Mail,
    Status,
    address_digest,
    topic_of,
)
from skillsync_notifications.errors import NothingToSend, Refused, Suppressed, Unwanted
from skillsync_notifications.repository import MailRepository, SuppressionRepository
from skillsync_notifications.service.feedback import as_event
from skillsync_notifications.service.matters import Matters
from skillsync_notifications.service.preferences import MemberPreferences
from skillsync_notifications.service.templates import Templates

__all__ = ["Delivery", "Desk"]

# Together less than the sender's claim, so that nobody else takes up a mail whose fate is still being written.
_ATTEMPT_SECONDS = 10
_RECORD_TRIES = 10
_RECORD_PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Desk:
    """What a letter needs: whom it goes to and whether they want it, what it tells, its words, and who takes it."""

    contacts: Contacts
    matters: Matters
    templates: Templates
    post_office: PostOffice
    preferences: MemberPreferences
    suppressions: SuppressionRepository


class Delivery:
    """Delivers mails that the caller has claimed."""

    def __init__(
        self, *, database: Database, repository: MailRepository, desk: Desk, clock: Clock, new_id: Callable[[], str]
    ) -> None:
        self._database = database
        self._repository = repository
        self._desk = desk
        self._clock = clock
        self._new_id = new_id
        # From SES's hands to the record, one mail at a time: a crash repeats one at most, and not all in hand.
        self._one_at_a_time = asyncio.Lock()

    async def deliver(self, mail: Mail) -> bool:
        """Make one attempt and record what came of it; in the flow of the request that caused the mail.

        Whether it came to the mail service's hands, which counts towards the account's rate.
        """
        handed_over = False
        with flow(
            f"mail {mail.template}",
            parent=mail.traceparent,
            correlation_id=mail.correlation_id,
            causation_id=mail.event_id,
        ):
            try:
                async with asyncio.timeout(_ATTEMPT_SECONDS) as limit:
                    letter = await self._write(mail)
                    async with self._one_at_a_time:
                        handed_over = True
                        message_id = await self._desk.post_office.send(letter)
                        failpoint("after-send")
                        # What has been sent is recorded, however long that takes.
                        limit.reschedule(None)
                        fact = mail.send(message_id, self._clock.now())
                        await self._record(mail, as_event(fact, self._new_id(), self._clock))
            except Exception as error:
                self._give_up(mail, error)
                await self._record(mail)
        return handed_over

    def _give_up(self, mail: Mail, error: Exception) -> None:
        """Decide what an attempt that did not work means. One mail's failure must not touch the others."""
        match error:
            case NothingToSend():
                mail.drop(str(error))
            case Suppressed():
                mail.suppress(str(error))
            case Unwanted():
                mail.leave_out()
            case Refused():
                mail.fail(str(error))
            case Failure():
                mail.put_off(str(error), self._clock.now())
            case TimeoutError():
                mail.put_off("the attempt took too long", self._clock.now())
            case _:
                # Its kind and place, not its words: they may hold what people wrote.
                place = traceback.extract_tb(error.__traceback__)[-1]
                log.error("mail attempt failed", mail_id=mail.id, at=f"{place.name}:{place.lineno}")
                mail.put_off(type(error).__name__, self._clock.now())

    async def _write(self, mail: Mail) -> Letter:
        """The letter, of what is true now. Raises NothingToSend, Unwanted, Suppressed, DependencyUnavailable."""
        topic = topic_of(mail.template)
        wanted = await self._desk.preferences.read(mail.recipient)
        is_wanted = wanted.allow(topic, Channel.MAIL)
        if not is_wanted and not mail.template.is_reminder:
            raise Unwanted
        # One after the other: nobody waits for a mail, and who is gone needs no second question.
        contact = await self._desk.contacts.contact(mail.recipient)
        if contact is None:
            raise NothingToSend("the recipient is gone")
        matter = await self._desk.matters.of(mail)
        if mail.template.is_reminder:
            mail.in_inbox = wanted.allow(topic, Channel.INBOX)
        if not is_wanted:
            raise Unwanted
        await self._require_open(mail, contact)
        link = await self._desk.preferences.link(mail.recipient, mail.template, contact.locale)
        return self._desk.templates.write(mail, contact, matter, self._clock.now(), unsubscribe_url=link)

    async def _require_open(self, mail: Mail, contact: Contact) -> None:
        """Raises Suppressed when the recipient's address takes no such mail."""
        digest = address_digest(mail.recipient, contact.address)
        async with self._database.read() as connection:
            found = await self._desk.suppressions.of(connection, mail.recipient, digest)
        if found and found.forbids(is_required=topic_of(mail.template).is_required):
            raise Suppressed(f"the address {found.value}")

    async def _record(self, mail: Mail, event: Event | None = None) -> None:
        """Write the mail's fate and, in the same commit, its event. Not given up lightly; never raises."""

        async def work(unit: UnitOfWork) -> bool:
            if not await self._repository.save(unit, mail):
                return False
            if event:
                unit.publish(event)
            return True

        for _ in range(_RECORD_TRIES):
            try:
                recorded = await self._database.run(work)
            except Exception as error:
                log.warning("mail not recorded", mail_id=mail.id, status=mail.status.value, error=type(error).__name__)
                await asyncio.sleep(_RECORD_PAUSE_SECONDS)
            else:
                if recorded:
                    self._tell(mail)
                else:
                    await self._tell_of_another(mail)
                return
        log.error("mail's fate not recorded", mail_id=mail.id, status=mail.status.value)

    async def _tell_of_another(self, mail: Mail) -> None:
        """Somebody else's word on this mail came first: another sender's, after our claim had lapsed, or SES's own."""
        if mail.status is not Status.SENT:
            log.warning("mail's claim lapsed", **_facts(mail))
            return
        async with self._database.read() as connection:
            recorded = await self._repository.sent_as(connection, mail.id)
        if recorded == mail.ses_message_id:
            # SES told of it, by a bounce, before we did.
            log.info("mail recorded already", **_facts(mail))
        else:
            metrics.count("mails-repeated")
            log.warning("mail repeated", **_facts(mail))

    def _tell(self, mail: Mail) -> None:
        metrics.count("mails", status=mail.status.value)
        facts = _facts(mail)
        if mail.status is Status.SENT:
            if mail.attempts > 1:
                # Each attempt before may have sent it, when a crash fell between sending and record.
                metrics.count("mails-perhaps-repeated")
            waited = self._clock.now() - mail.created_at
            log.info("mail sent", milliseconds=round(waited.total_seconds() * 1000), **facts)
        elif mail.status is Status.PENDING:
            log.warning("mail put off", reason=mail.last_error, **facts)
        elif mail.status is Status.FAILED:
            log.error("mail failed", reason=mail.last_error, **facts)
        else:
            log.info(f"mail {mail.status.value}", reason=mail.last_error, **facts)


def _facts(mail: Mail) -> dict[str, object]:
    return {"mail_id": mail.id, "template": mail.template.value, "attempts": mail.attempts}
