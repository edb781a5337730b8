"""A recipient's language: gettext catalogues, and Babel's dates, times, durations and numbers.

A language is one file, `translations/<language>.po`; English is what the templates are written in. Catalogues are
compiled when they are read. A locale falls back: de-AT to de to en.
"""

from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, get_timezone_gmt, get_timezone_location
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations
from babel.units import format_unit

from skillsync_notifications.entities import ListedExchange
from skillsync_notifications.service.files import Folder

__all__ = ["Languages", "Wording", "skill_name"]

_SOURCE_LANGUAGE = "en"


def skill_name(slug: str) -> str:
    """A skill's slug as words; its name is in the catalogue of another service."""
    return slug.replace("-", " ").capitalize()


@dataclass(frozen=True, slots=True)
class Wording:
    """How one recipient is written to. `language` is that of the words; `locale`, of the same language, forms dates."""

    language: str
    locale: Locale
    zone: ZoneInfo
    translations: NullTranslations

    def gettext(self, message: str) -> str:
        """The message in the recipient's language."""
        return self.translations.gettext(message)

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        """The form of the message for that many, by the language's own rule."""
        return self.translations.ngettext(singular, plural, count)

    def moment(self, at: datetime) -> str:
        """A date and time in the recipient's time zone, which is named."""
        local = at.astimezone(self.zone)
        return self.gettext("%(date)s, %(time)s (%(zone)s)") % {
            "date": format_date(local, "full", self.locale),
            "time": format_time(local, "short", locale=self.locale),
            "zone": self._zone_name(local),
        }

    def _zone_name(self, local: datetime) -> str:
        """By its city: "Greenwich Mean Time" would be Babel's name of Dublin's time in summer too, an hour off."""
        city = get_timezone_location(self.zone, locale=self.locale, return_city=True)
        if not city.startswith(("UTC", "GMT")):
            return self.gettext("%(city)s time") % {"city": city}
        # These have no city; and Etc/GMT+3 is three hours behind (POSIX), so that its key would mislead.
        return get_timezone_gmt(local, "long", locale=self.locale) if local.utcoffset() else "UTC"

    def day(self, at: date) -> str:
        """A date; of a moment, that in the recipient's time zone."""
        return format_date(at.astimezone(self.zone) if isinstance(at, datetime) else at, "long", self.locale)

    def number(self, value: int) -> str:
        """A number, grouped as the locale does it."""
        return format_decimal(value, locale=self.locale)

    def duration(self, minutes: int) -> str:
        """Minutes as hours and minutes; a debt has one sign, before all of it."""
        hours, rest = divmod(abs(minutes), 60)
        parts = [(hours, "duration-hour"), (rest, "duration-minute")]
        shown = [format_unit(count, unit, "short", locale=self.locale) for count, unit in parts if count]
        sign = self.locale.number_symbols["latn"]["minusSign"] if minutes < 0 else ""
        return sign + " ".join(shown or [format_unit(0, "duration-hour", "short", locale=self.locale)])

    def members(self, count: int) -> str:
        """How many members."""
        return self.ngettext("%(count)s member", "%(count)s members", count) % {"count": self.number(count)}

    def listing(self, exchange: ListedExchange) -> str:
        """An exchange in a list: its title, with whom, and when."""
        title = exchange.title or self.gettext("an exchange without a title")
        if partners := [name or self.gettext("a former member") for name in exchange.partners]:
            names = format_list(partners, locale=self.locale)
            title = self.gettext("%(title)s, with %(names)s") % {"title": title, "names": names}
        if exchange.at:
            title = self.gettext("%(title)s: %(moment)s") % {"title": title, "moment": self.moment(exchange.at)}
        return title


class Languages:
    """The languages there are. Raises ValueError for a catalogue whose placeholders differ from the source's."""

    def __init__(self, folder: Folder | None = None) -> None:
        """Of the folder's catalogues; of the package's own when none is given."""
        self._catalogues: dict[str, NullTranslations] = {_SOURCE_LANGUAGE: NullTranslations()}
        for name, text in (folder or Folder.of_package("translations")).files(".po"):
            self._catalogues[name] = _compiled(name, text)

    @property
    def names(self) -> list[str]:
        """The languages' codes."""
        return sorted(self._catalogues)

    def wording(self, locale: str, time_zone: str) -> Wording:
        """The nearest language to a locale as `de-AT`; UTC, which a letter then names, for an unknown time zone."""
        known = _from_particular_to_general(locale)
        name = next((str(one) for one in known if str(one) in self._catalogues), _SOURCE_LANGUAGE)
        # Dates are formed as in the whole locale, but never in another language than the words.
        nearest = known[0] if known and known[0].language == Locale.parse(name).language else Locale.parse(name)
        return Wording(name.replace("_", "-"), nearest, _zone(time_zone), self._catalogues[name])


def _from_particular_to_general(locale: str) -> list[Locale]:
    """From de-AT: German in Austria, German. What Babel does not know is left out."""
    parts = locale.replace("-", "_").split("_")
    found = []
    for length in range(len(parts), 0, -1):
        try:
            found.append(Locale.parse("_".join(parts[:length])))
        except (ValueError, UnknownLocaleError):
            continue
    return found


def _compiled(name: str, text: str) -> Translations:
    catalogue = read_po(BytesIO(text.encode()), locale=name)
    wrong = [message.id for message, _ in catalogue.check()]
    if wrong:
        raise ValueError(f"{name}.po: the placeholders of {wrong} differ")
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")
