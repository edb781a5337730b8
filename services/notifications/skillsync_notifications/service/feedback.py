"""What mails bring back: bounces stop an address, complaints stop all but required mail to it."""

from collections.abc import Callable

from skillsync_kit import metrics
from skillsync_kit.clock import Clock
from skillsync_kit.database import UnitOfWork
from skillsync_kit.events import Event
from skillsync_kit.telemetry import current_flow, log, traceparent
from skillsync_notifications.entities import Feedback, Mail, Return, Status, Suppression, address_digest
from skillsync_notifications.events import EmailFact
from skillsync_notifications.repository import MailRepository, SuppressionRepository

__all__ = ["MailFeedback", "as_event"]

_SOURCE = "/notifications"


class MailFeedback:
    """The use case of the feedback queue."""

    def __init__(
        self,
        *,
        repository: MailRepository,
        suppressions: SuppressionRepository,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._repository = repository
        self._suppressions = suppressions
        self._clock = clock
        self._new_id = new_id

    async def receive(self, unit: UnitOfWork, feedback: Feedback) -> None:
        """Record what came back, in the caller's unit. A soft bounce is counted, and nothing else."""
        metrics.count("mails-returned", kind=feedback.kind.value)
        mail = await self._mail(unit, feedback)
        if mail is None:
            # A mail of another system under the same identity, such as the user pool's codes.
            log.warning("feedback on an unknown mail", kind=feedback.kind.value, ses_message_id=feedback.ses_message_id)
            return
        log.info("mail returned", kind=feedback.kind.value, mail_id=mail.id, template=mail.template.value)
        if feedback.kind is Return.SOFT_BOUNCE:
            return
        is_bounce = feedback.kind is Return.HARD_BOUNCE
        reason = Suppression.BOUNCED if is_bounce else Suppression.COMPLAINED
        for digest in sorted({address_digest(mail.recipient, address) for address in feedback.addresses}):
            await self._suppressions.add(unit, mail.recipient, digest, reason, self._clock.now())
        seen_version, facts = mail.version, list[EmailFact]()
        if mail.status is Status.PENDING:
            # It came back before it was recorded as sent: that it was sent is known by now.
            facts.append(mail.send(feedback.ses_message_id, self._clock.now()))
        fact = mail.bounce() if is_bounce else mail.complain()
        if fact:
            await self._repository.replace(unit, mail, seen_version=seen_version)
            for happened in (*facts, fact):
                unit.publish(as_event(happened, self._new_id(), self._clock))

    async def _mail(self, unit: UnitOfWork, feedback: Feedback) -> Mail | None:
        if feedback.mail_id:
            return await self._repository.find(unit.connection, feedback.mail_id)
        return await self._repository.find_sent(unit.connection, feedback.ses_message_id)


def as_event(fact: EmailFact, id: str, clock: Clock) -> Event:
    """The integration event of a fact, in the flow that it belongs to."""
    return Event(
        id=id,
        type=fact.type,
        source=_SOURCE,
        subject=fact.mail,
        sequence=fact.number,
        time=clock.now(),
        data=fact.data(),
        correlation_id=current_flow().correlation_id,
        causation_id=fact.cause,
        traceparent=traceparent(),
    )
