"""The use cases about offerings, and what time does to them."""

from skillsync_users.offerings.service.offerings import Offerings
from skillsync_users.offerings.service.record import Record
from skillsync_users.offerings.service.sweeper import Sweeper

__all__ = ["Offerings", "Record", "Sweeper"]
