"""Languages, dates, times, durations and numbers, as each recipient is used to them."""

from datetime import UTC, datetime

import pytest

from skillsync_notifications.entities import ListedExchange
from skillsync_notifications.service.files import Folder
from skillsync_notifications.service.wording import Languages, Wording

WINTER, SUMMER = (datetime(2030, month, 1, 23, 30, tzinfo=UTC) for month in (1, 7))


@pytest.fixture(scope="module")
def languages() -> Languages:
    return Languages(Folder.of_package("translations"))


def moment(languages: Languages, locale: str, zone: str, at: datetime = WINTER) -> str:
    # An ordinary space for the narrow one before PM, so that the expected texts can be read.
    return languages.wording(locale, zone).moment(at).replace("\u202f", " ")


@pytest.mark.parametrize(
    ("locale", "language", "formed_as"),
    [
        ("en", "en", "en"),
        ("en-GB", "en", "en_GB"),
        ("EN", "en", "en"),
        ("de", "de", "de"),
        ("de-AT", "de", "de_AT"),
        ("de_CH", "de", "de_CH"),
        ("de-Latn-AT", "de", "de_AT"),
        ("de-XX", "de", "de"),
        ("fr-CA", "en", "en"),
        ("xx-yy-zz", "en", "en"),
        ("", "en", "en"),
        ("../de", "en", "en"),
        ("de\x00", "en", "en"),
    ],
)
def test_a_locale_falls_back_to_the_nearest_language(
    languages: Languages, locale: str, language: str, formed_as: str
) -> None:
    wording = languages.wording(locale, "UTC")
    assert (wording.language, str(wording.locale)) == (language, formed_as)


def test_dates_are_in_the_recipients_time_zone_summer_and_winter(languages: Languages) -> None:
    assert moment(languages, "en", "Europe/Berlin") == ("Wednesday, January 2, 2030, 12:30 AM (Berlin time)")
    assert moment(languages, "en", "Europe/Berlin", SUMMER) == ("Tuesday, July 2, 2030, 1:30 AM (Berlin time)")
    assert moment(languages, "en", "America/New_York") == "Tuesday, January 1, 2030, 6:30 PM (New York time)"


@pytest.mark.parametrize(
    ("zone", "winter", "summer"),
    [
        # Its summer time is its standard time, so that names by rule would be an hour off.
        ("Europe/Dublin", "Uhr (Zeit in Dublin)", "Uhr (Zeit in Dublin)"),
        ("Europe/Vienna", "Uhr (Zeit in Wien)", "Uhr (Zeit in Wien)"),
        ("Asia/Calcutta", "Uhr (Zeit in Kolkata)", "Uhr (Zeit in Kolkata)"),
        ("Etc/GMT+3", "20:30 Uhr (GMT-03:00)", "20:30 Uhr (GMT-03:00)"),
        ("Etc/UTC", "23:30 Uhr (UTC)", "23:30 Uhr (UTC)"),
    ],
)
def test_a_time_zone_is_named_so_that_it_is_never_wrong(
    languages: Languages, zone: str, winter: str, summer: str
) -> None:
    assert moment(languages, "de", zone, WINTER).endswith(winter)
    assert moment(languages, "de", zone, SUMMER).endswith(summer)


def test_dates_are_formed_as_the_recipient_is_used_to(languages: Languages) -> None:
    assert moment(languages, "en-GB", "UTC") == "Tuesday, 1 January 2030, 23:30 (UTC)"
    assert moment(languages, "de", "UTC") == "Dienstag, 1. Januar 2030, 23:30 Uhr (UTC)"
    assert moment(languages, "de-AT", "UTC") == "Dienstag, 1. Jänner 2030, 23:30 Uhr (UTC)"
    # No French words: no French dates among the English ones either.
    assert moment(languages, "fr", "UTC") == "Tuesday, January 1, 2030, 11:30 PM (UTC)"


@pytest.mark.parametrize("unknown", ["Nowhere/Atlantis", "", "../../etc/passwd", "/etc/localtime", "Europe", "a\x00b"])
def test_an_unknown_time_zone_is_utc_and_says_so(languages: Languages, unknown: str) -> None:
    assert moment(languages, "en", unknown).endswith("11:30 PM (UTC)")


def test_a_day_is_the_recipients_own(languages: Languages) -> None:
    assert languages.wording("de", "Europe/Berlin").day(WINTER) == "2. Januar 2030"
    assert languages.wording("en", "UTC").day(WINTER) == "January 1, 2030"


@pytest.mark.parametrize(
    ("minutes", "english", "german"),
    [
        (0, "0 hr", "0 Std."),
        (15, "15 min", "15 Min."),
        (60, "1 hr", "1 Std."),
        (75, "1 hr 15 min", "1 Std. 15 Min."),
        (6000, "100 hr", "100 Std."),
        (60_000, "1,000 hr", "1.000 Std."),
        (-330, "-5 hr 30 min", "-5 Std. 30 Min."),
    ],
)
def test_durations_are_hours_and_minutes(languages: Languages, minutes: int, english: str, german: str) -> None:
    shown = [languages.wording(locale, "UTC").duration(minutes) for locale in ("en", "de")]
    assert [text.replace("\xa0", " ") for text in shown] == [english, german]


def test_numbers_and_plurals_are_the_languages_own(languages: Languages) -> None:
    def members(locale: str) -> list[str]:
        wording: Wording = languages.wording(locale, "UTC")
        return [wording.members(count) for count in (0, 1, 2, 1200)]

    assert members("en") == ["0 members", "1 member", "2 members", "1,200 members"]
    assert members("de") == ["0 Mitglieder", "1 Mitglied", "2 Mitglieder", "1.200 Mitglieder"]
    assert members("de-CH")[-1] == "1’200 Mitglieder"


def test_partners_are_listed_as_the_language_does_it(languages: Languages) -> None:
    exchange = ListedExchange("1", "", ("Ana", "", "Cleo"))
    assert languages.wording("en", "UTC").listing(exchange) == (
        "an exchange without a title, with Ana, a former member, and Cleo"
    )
    assert languages.wording("de", "UTC").listing(exchange) == (
        "ein Tausch ohne Titel, mit Ana, ehemaliges Mitglied und Cleo"
    )
