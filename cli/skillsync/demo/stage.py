"""Where the demo takes place: the running system, the witnesses, the report; and how consequences are waited for."""

import time
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from rich.console import Console

from skillsync.demo.member import Member, WrongAnswer, check, check_that
from skillsync.demo.report import Report, Step
from skillsync.demo.witness import EventWitness, MailWitness, wait_for
from skillsync.local.people import DEMO_PASSWORD
from skillsync.local.pool import Pool
from skillsync.paths import Paths
from skillsync.views.session import client, require_running

TIMEOUT_SECONDS = 30


class Stage:
    """Close it after the play. Raises Problem when nothing runs."""

    def __init__(self, paths: Paths, console: Console) -> None:
        import httpx2  # noqa: PLC0415

        self._status = require_running(paths)
        self._pool = Pool(client(self._status, "cognito-idp"), self._status["client_id"])
        self._http = httpx2.Client(base_url=self._status["web"], timeout=TIMEOUT_SECONDS, trust_env=False)
        self._mails = MailWitness(self._status)
        self._expected_mails: Counter[str] = Counter()
        self.expected_events = 0
        self.report = Report(console)
        self._events = EventWitness(self._status)
        self._run = uuid.uuid4().hex[:8]

    def sign_up(self, first_name: str) -> Member:
        """A new person at the user pool, with an address nobody had."""
        email = f"{first_name.lower()}-{self._run}@journey.skillsync.example"
        with self.report.step(first_name, f"signs up at the user pool as {email}") as step:
            self._pool.sign_up(email, DEMO_PASSWORD)
            token = self._pool.sign_in(email, DEMO_PASSWORD)
        if token is None:
            raise WrongAnswer(f"The user pool does not let {email} in after the sign-up")
        member = Member(self._http, email, first_name, token)
        self.expect_mail(step, member, "the pool's code", "verification")
        return member

    def expect_event(self, step: Step, event_type: str, subject: str) -> dict[str, Any]:
        """Wait for the event that the step has caused."""
        moment, event = wait_for(f"event {event_type}", lambda: self._events.find(event_type, subject))
        self.expected_events += 1
        actor = f" by {event['actor']}" if "actor" in event else ""
        text = f"{event_type}  {subject}  sequence {event['sequence']}{actor}"
        self.report.event(_milliseconds(step, moment), text)
        return event

    def expect_mail(self, step: Step, member: Member, about: str, says: str) -> None:
        """Wait for one mail more to this person. `about` names it; its subject or text has to say `says`."""
        self._expected_mails[member.email] += 1
        count = self._expected_mails[member.email]
        mail = wait_for(f"mail to {member.email} ({about})", lambda: self._mails.number(count, member.email))
        check_that(
            f"The mail to {member.email} ({about}) should say “{says}”", f"{mail['subject']}\n{mail['text']}", has(says)
        )
        moment = datetime.fromisoformat(mail["sent_at"]).timestamp()
        self.report.mail(_milliseconds(step, moment), f"{about} to {member.first_name}: “{mail['subject']}”")

    def check_mailboxes(self) -> int:
        """The mailboxes hold exactly the expected mails; how many those are."""
        for email, count in self._expected_mails.items():
            check(f"Mails to {email}", len(self._mails.to(email)), count)
        return self._expected_mails.total()

    def poll(self, member: Member, path: str, expected: dict[str, Any]) -> float:
        """GET until the answer has the expected fields; the seconds since the epoch when it had."""
        last: dict[str, Any] = {}

        def look() -> float | None:
            last.clear()
            last.update(member.get(path).json())
            return time.time() if expected.items() <= last.items() else None

        try:
            return wait_for(f"GET {path} with {expected}", look)
        except WrongAnswer as late:
            raise WrongAnswer(f"{late}: the last answer was {last}") from None

    def close(self) -> None:
        self._events.close()
        self._http.close()


def has(part: str) -> Callable[[str], bool]:
    """Whether a text has the part in it."""
    return lambda text: part in text


def _milliseconds(step: Step, moment: float) -> float:
    """From the step's answer; what was there before the answer had been read counts as 0."""
    return max(0.0, moment - step.answered_at) * 1000
