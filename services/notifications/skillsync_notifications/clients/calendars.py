"""Appointments as calendar files (RFC 5545, RFC 5546)."""

from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event, vCalAddress

from skillsync_notifications.entities import Appointment

__all__ = ["calendar_file", "method"]

_PRODUCT = "-//SkillSync//Notifications//EN"


def method(appointment: Appointment) -> str:
    """What a calendar is to do with it: it is told of an appointment, and never asked for an answer."""
    return "CANCEL" if appointment.is_cancelled else "PUBLISH"


def calendar_file(appointment: Appointment, sender: str, written_at: datetime) -> bytes:
    """The file's content. Its UID is the transaction's in every letter, so that a calendar keeps one entry of it."""
    entry = Event()
    entry.add("uid", f"{appointment.id}@{sender.rpartition('@')[2]}")
    entry.add("sequence", appointment.revision)
    entry.add("dtstamp", written_at)
    entry.add("dtstart", appointment.starts_at.astimezone(UTC))
    entry.add("dtend", appointment.starts_at.astimezone(UTC) + timedelta(minutes=appointment.minutes))
    entry.add("summary", appointment.title)
    entry.add("description", appointment.details)
    entry.add("url", appointment.url)
    entry.add("organizer", _organizer(sender))
    entry.add("status", "CANCELLED" if appointment.is_cancelled else "CONFIRMED")
    # Nobody is kept from another appointment by one that was called off.
    entry.add("transp", "TRANSPARENT" if appointment.is_cancelled else "OPAQUE")
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method(appointment))
    calendar.add_component(entry)
    content: bytes = calendar.to_ical()
    return content


def _organizer(sender: str) -> vCalAddress:
    organizer = vCalAddress(f"mailto:{sender}")
    organizer.params["CN"] = "SkillSync"
    return organizer
