"""What a member wants to be told of, and by which channel: topic by channel."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from skillsync_notifications.entities.mails import Template
from skillsync_notifications.errors import RequiredMail

__all__ = ["Channel", "Link", "Preferences", "Switches", "Topic", "topic_of"]


class Topic(StrEnum):
    """What people may switch on and off together."""

    ACCOUNT = "account"
    EXCHANGES = "exchanges"
    REMINDERS = "reminders"
    DIGEST = "digest"
    COORDINATION = "coordination"

    @property
    def is_required(self) -> bool:
        """Whether its mail is always sent: it tells of the account itself, or that hours have moved."""
        return self is Topic.ACCOUNT


class Channel(StrEnum):
    """How somebody is told."""

    INBOX = "inbox"
    MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Link:
    """A link in a mail: whose mail, the topic that it turns off, and the locale in which it was written."""

    user: str
    topic: Topic
    locale: str


Switches = Mapping[Topic, Mapping[Channel, bool]]

_TOPICS = {
    Template.WELCOME: Topic.ACCOUNT,
    Template.RECEIPT: Topic.ACCOUNT,
    Template.PROPOSAL_REMINDER: Topic.REMINDERS,
    Template.EXPIRY_REMINDER: Topic.REMINDERS,
    Template.CONFIRM_REMINDER: Topic.REMINDERS,
    Template.OFFERING_EXPIRES: Topic.REMINDERS,
    Template.WEEKLY_DIGEST: Topic.DIGEST,
    Template.COORDINATORS_BRIEF: Topic.COORDINATION,
}
# A digest of the inbox would only repeat what stands there.
_OFF_AT_FIRST = frozenset({(Topic.DIGEST, Channel.INBOX), (Topic.COORDINATION, Channel.INBOX)})


def topic_of(template: Template) -> Topic:
    """What a mail belongs to."""
    return _TOPICS.get(template, Topic.EXCHANGES)


@dataclass(slots=True)
class Preferences:
    """One member's switches. Who never touched them has version 1, and what was not switched stands as at first."""

    user: str
    version: int = 1
    switches: dict[Topic, dict[Channel, bool]] = field(default_factory=dict)

    def allow(self, topic: Topic, channel: Channel) -> bool:
        """Whether the member is to be told of the topic by the channel."""
        if topic.is_required and channel is Channel.MAIL:
            return True
        return self.switches.get(topic, {}).get(channel, (topic, channel) not in _OFF_AT_FIRST)

    def whole(self) -> dict[Topic, dict[Channel, bool]]:
        """Every switch as it stands."""
        return {topic: {channel: self.allow(topic, channel) for channel in Channel} for topic in Topic}

    def replace(self, switches: Switches) -> bool:
        """Set all switches anew; False when that changes nothing. Raises RequiredMail."""
        for topic in Topic:
            if topic.is_required and not switches[topic][Channel.MAIL]:
                raise RequiredMail.at(topic, Channel.MAIL)
        return self._set({topic: dict(switches[topic]) for topic in Topic})

    def switch_off(self, topic: Topic, channel: Channel) -> bool:
        """Switch one thing off; False when it was. Raises RequiredMail."""
        if topic.is_required and channel is Channel.MAIL:
            raise RequiredMail.at(topic, channel)
        wanted = self.whole()
        wanted[topic][channel] = False
        return self._set(wanted)

    def _set(self, wanted: dict[Topic, dict[Channel, bool]]) -> bool:
        if wanted == self.whole():
            return False
        self.switches = wanted
        self.version += 1
        return True
