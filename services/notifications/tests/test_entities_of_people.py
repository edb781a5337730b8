"""Topics, switches and suppressions, without a database."""

import pytest

from skillsync_notifications.entities import (
    Channel,
    Preferences,
    Suppression,
    Template,
    Topic,
    address_digest,
    topic_of,
)
from skillsync_notifications.errors import RequiredMail


def test_every_template_has_a_topic_and_required_are_welcome_and_receipt() -> None:
    required = {template for template in Template if topic_of(template).is_required}
    assert required == {Template.WELCOME, Template.RECEIPT}


def test_required_mail_is_sent_whatever_was_kept() -> None:
    kept = Preferences("u", 2, {Topic.ACCOUNT: {Channel.MAIL: False}})
    assert kept.allow(Topic.ACCOUNT, Channel.MAIL)
    with pytest.raises(RequiredMail):
        kept.switch_off(Topic.ACCOUNT, Channel.MAIL)


def test_what_changes_nothing_raises_no_version() -> None:
    preferences = Preferences("u")
    assert not preferences.replace(preferences.whole())
    assert preferences.switch_off(Topic.DIGEST, Channel.MAIL)
    assert not preferences.switch_off(Topic.DIGEST, Channel.MAIL)
    assert preferences.version == 2


def test_an_address_has_one_digest_per_owner_in_whatever_case() -> None:
    assert address_digest("u", "Bo@People.Example ") == address_digest("u", "bo@people.example")
    assert address_digest("u", "bo@people.example") != address_digest("v", "bo@people.example")


def test_a_bounce_forbids_all_and_a_complaint_what_is_not_required() -> None:
    every = [(reason, required) for reason in Suppression for required in (True, False)]
    allowed = [(reason, required) for reason, required in every if not reason.forbids(is_required=required)]
    assert allowed == [(Suppression.COMPLAINED, True)]
