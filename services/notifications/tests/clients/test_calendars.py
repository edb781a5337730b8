"""Calendar files, read back by another reader than wrote them: RFC 5545's lines, unfolded here."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from skillsync_notifications.clients.calendars import calendar_file, method
from skillsync_notifications.entities import Appointment

SENDER = "no-reply@mail.example"
NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
AT = datetime(2030, 7, 1, 14, tzinfo=ZoneInfo("Europe/Berlin"))
APPOINTMENT = Appointment("t1", "Guitar for German", "Ana to Bo\nBo to Ana", "https://web.example/t1", AT, 150, 4)


def lines(appointment: Appointment = APPOINTMENT) -> list[str]:
    raw = calendar_file(appointment, SENDER, NOW)
    assert raw.endswith(b"\r\n")
    folded = raw.removesuffix(b"\r\n").split(b"\r\n")
    assert max(len(line) for line in folded) <= 75
    assert not any(b"\n" in line or b"\r" in line for line in folded)
    return re.sub(r"\r\n[ \t]", "", raw.decode()).splitlines()


def properties(appointment: Appointment = APPOINTMENT) -> dict[str, str]:
    return dict(line.split(":", 1) for line in lines(appointment))


def test_an_entry_has_its_time_in_utc_and_its_length_from_the_legs() -> None:
    found = properties()
    assert (found["DTSTART"], found["DTEND"]) == ("20300701T120000Z", "20300701T143000Z")
    assert found["DTSTAMP"] == "20300101T120000Z"
    assert (found["SUMMARY"], found["DESCRIPTION"]) == ("Guitar for German", "Ana to Bo\\nBo to Ana")
    assert (found["URL"], found["STATUS"]) == ("https://web.example/t1", "CONFIRMED")
    # RFC 5546, section 3.2.1: what is published names who publishes it; and no member's address.
    assert found["ORGANIZER;CN=SkillSync"] == "mailto:no-reply@mail.example"


def test_the_file_is_one_whole_calendar_of_one_entry() -> None:
    found = lines()
    assert (found[0], found[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    assert [line for line in found if line.startswith("BEGIN:")] == ["BEGIN:VCALENDAR", "BEGIN:VEVENT"]
    assert {"VERSION:2.0", "METHOD:PUBLISH"} < set(found)


def test_a_later_letter_replaces_the_entry_of_an_earlier() -> None:
    later = replace(APPOINTMENT, title="Other", revision=7)
    assert properties()["UID"] == properties(later)["UID"] == "t1@mail.example"
    assert (properties()["SEQUENCE"], properties(later)["SEQUENCE"]) == ("4", "7")


def test_what_was_called_off_is_taken_away() -> None:
    cancelled = replace(APPOINTMENT, is_cancelled=True)
    assert (method(APPOINTMENT), method(cancelled)) == ("PUBLISH", "CANCEL")
    assert {"METHOD:CANCEL", "STATUS:CANCELLED", "TRANSP:TRANSPARENT", "UID:t1@mail.example"} < set(lines(cancelled))


@pytest.mark.parametrize(
    "evil",
    [
        "x\r\nATTENDEE:mailto:all@people.example",
        "x\nEND:VEVENT\nBEGIN:VALARM",
        "x\\nEND:VEVENT",
        "x; y, z: w",
        "ä" * 100,
        "\U0001f3b8" * 60,
    ],
)
def test_a_title_is_a_title_and_no_property(evil: str) -> None:
    spoilt = lines(replace(APPOINTMENT, title=evil, details=evil))
    names = [line.split(":", 1)[0] for line in spoilt]
    assert names == [line.split(":", 1)[0] for line in lines()]
    summary = next(line for line in spoilt if line.startswith("SUMMARY:"))
    assert summary.count(";") == summary.count("\\;")
