"""The shapes of preferences: topic by channel."""

from typing import Self

from pydantic import BaseModel, ConfigDict, StrictBool
from pydantic.config import JsonDict

from skillsync_notifications.entities import Channel, Preferences, Topic

__all__ = ["Switchboard"]

_BOTH: JsonDict = {"inbox": True, "mail": True}
_EXAMPLE: JsonDict = {
    "account": _BOTH,
    "exchanges": _BOTH,
    "reminders": _BOTH,
    "digest": {"inbox": False, "mail": False},
    "coordination": {"inbox": False, "mail": True},
}


class Channels(BaseModel):
    """By which channels one is told of a topic."""

    model_config = ConfigDict(extra="forbid")

    inbox: StrictBool
    mail: StrictBool


class Switchboard(BaseModel):
    """Every switch. Mail of the topic `account` (welcome, receipts) is always sent, and cannot be switched off."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    account: Channels
    exchanges: Channels
    reminders: Channels
    digest: Channels
    coordination: Channels

    def switches(self) -> dict[Topic, dict[Channel, bool]]:
        """As the entities have them."""
        return {topic: {channel: getattr(getattr(self, topic), channel) for channel in Channel} for topic in Topic}

    @classmethod
    def of(cls, preferences: Preferences) -> Self:
        """A member's switches as they stand."""
        return cls.model_validate(preferences.whole())
