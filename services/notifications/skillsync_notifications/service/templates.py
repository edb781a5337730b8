"""Letters: what happened, in the recipient's words, language and time zone."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote

from skillsync_notifications.entities import (
    Appointment,
    Brief,
    Contact,
    Digest,
    Exchange,
    ExpiringOffering,
    Letter,
    Limit,
    Mail,
    Matter,
    Template,
    harmless,
    one_line,
)
from skillsync_notifications.service.files import Folder
from skillsync_notifications.service.pages import Pages
from skillsync_notifications.service.wording import Languages, Wording, skill_name

__all__ = ["Templates"]

_LONGEST_SUBJECT = 180

# What a letter tells of, and the name that its file knows it by; those about exchanges are left out.
_MATTERS: dict[Template, tuple[str, type[Matter]]] = {
    Template.SOFT_LIMIT: ("limit", Limit),
    Template.WEEKLY_DIGEST: ("digest", Digest),
    Template.COORDINATORS_BRIEF: ("brief", Brief),
    Template.OFFERING_EXPIRES: ("offering", ExpiringOffering),
}
_EXCHANGE: tuple[str, type[Matter]] = ("exchange", Exchange)
# The letters that bring an entry for the calendar, or take it away.
_IN_CALENDAR = frozenset({Template.ACCEPTED, Template.RECEIPT})


class Templates:
    """Writes letters. Every template and catalogue is read and compiled when this is made, or it cannot be made.

    `translations` holds one catalogue for each language but English.
    """

    def __init__(self, web_url: str, translations: Folder | None = None) -> None:
        self._web_url = web_url.rstrip("/")
        self._languages = Languages(translations)
        self._pages = Pages(Folder.of_package("templates"), Folder.of_package("templates/letters"))
        if missing := {template.value for template in Template} ^ self._pages.names:
            raise ValueError(f"a template without a letter, or a letter without a template: {sorted(missing)}")

    @property
    def languages(self) -> list[str]:
        """The languages that letters are written in."""
        return self._languages.names

    def write(
        self,
        mail: Mail,
        contact: Contact,
        matter: Matter | None,
        now: datetime,
        *,
        unsubscribe_url: str | None = None,
    ) -> Letter:
        """The letter of a mail to its recipient about its matter. Raises TypeError for another's matter."""
        _require_matter(mail.template, matter)
        wording = self._languages.wording(contact.locale, contact.time_zone)
        known, recipient = harmless(matter), one_line(contact.name)
        values = {
            **self._usual(wording, recipient, unsubscribe_url),
            **_named(mail.template, known),
            **(self._of_exchange(wording, known, mail.actor) if isinstance(known, Exchange) else {}),
        }
        subject = _shortened(one_line(self._pages.subject(mail.template.value, values)))
        values["subject"] = subject
        return Letter(
            mail_id=mail.id,
            address=contact.address,
            name=recipient,
            subject=subject,
            text=self._pages.text(mail.template.value, values),
            html=self._pages.html(mail.template.value, values),
            language=wording.language,
            written_at=now,
            unsubscribe_url=unsubscribe_url,
            appointment=self._appointment(mail.template, wording, known),
        )

    def _usual(self, wording: Wording, recipient: str, unsubscribe_url: str | None) -> dict[str, Any]:
        return {
            "wording": wording,
            "language": wording.language,
            "direction": wording.locale.text_direction,
            "recipient": recipient,
            "web_url": self._web_url,
            "unsubscribe_url": unsubscribe_url,
            "moment": wording.moment,
            "day": wording.day,
            "number": wording.number,
            "duration": wording.duration,
            "person": _or(wording.gettext("a former member")),
            "count": _unless_hidden(wording, wording.number),
            "hours": _unless_hidden(wording, wording.duration),
            "members": wording.members,
            "listing": wording.listing,
        }

    def _of_exchange(self, wording: Wording, exchange: Exchange, actor: str | None) -> dict[str, Any]:
        return {
            "title": exchange.title or wording.gettext("an exchange without a title"),
            "actor": exchange.names.get(actor or "", "") or wording.gettext("a former member"),
            "url": self._exchange_url(exchange),
        }

    def _appointment(self, template: Template, wording: Wording, matter: Matter | None) -> Appointment | None:
        if not isinstance(matter, Exchange) or matter.scheduled_for is None:
            return None
        is_cancelled = template is Template.CANCELLED and matter.is_agreed
        if not is_cancelled and template not in _IN_CALENDAR:
            return None
        person = _or(wording.gettext("a former member"))
        details = (
            wording.gettext("%(giver)s to %(receiver)s: %(skill)s, %(duration)s")
            % {
                "giver": person(leg.giver),
                "receiver": person(leg.receiver),
                "skill": skill_name(leg.skill),
                "duration": wording.duration(leg.minutes),
            }
            for leg in matter.legs
        )
        return Appointment(
            id=matter.id,
            title=matter.title or wording.gettext("an exchange without a title"),
            details="\n".join(details),
            url=self._exchange_url(matter),
            starts_at=matter.scheduled_for,
            minutes=matter.own_minutes,
            revision=matter.version,
            is_cancelled=is_cancelled,
        )

    def _exchange_url(self, exchange: Exchange) -> str:
        return f"{self._web_url}/transactions/{quote(exchange.id, safe='')}"


def _require_matter(template: Template, matter: Matter | None) -> None:
    wanted = type(None) if template is Template.WELCOME else _MATTERS.get(template, _EXCHANGE)[1]
    if not isinstance(matter, wanted):
        raise TypeError(f"{template.value} does not tell of {type(matter).__name__}")


def _named(template: Template, matter: Matter | None) -> dict[str, Any]:
    name, _ = _MATTERS.get(template, _EXCHANGE)
    return {name: matter}


def _or(otherwise: str) -> Callable[[str], str]:
    return lambda given: given or otherwise


def _unless_hidden(wording: Wording, shown: Callable[[int], str]) -> Callable[[int | None], str]:
    return lambda value: wording.gettext("not shown") if value is None else shown(value)


def _shortened(subject: str) -> str:
    return subject if len(subject) <= _LONGEST_SUBJECT else subject[: _LONGEST_SUBJECT - 1].rstrip() + "…"
