"""Exports: what people ask for, the loop that makes them, and what this service itself knows of people."""

from skillsync_users.exports.service.archive import Archive, TooMuch
from skillsync_users.exports.service.exporter import Exporter
from skillsync_users.exports.service.exports import PersonalExports, ReadyFile
from skillsync_users.exports.service.own_data import OwnData

__all__ = ["Archive", "Exporter", "OwnData", "PersonalExports", "ReadyFile", "TooMuch"]
