"""The second consumer of the process, over a real queue: messages as SES sends them, by a plain AWS client."""

import asyncio
import json
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import boto3
import pytest

from skillsync_kit.ids import new_id
from skillsync_notifications.main import build
from skillsync_testing.emulator import Emulator

if TYPE_CHECKING:
    from tests.conftest import World


async def test_a_bounce_on_the_queue_is_taken_once_and_leaves_it_empty(
    world: "World", emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in emulator.client_environment().items():
        monkeypatch.setenv(name, value)
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName=f"feedback-{new_id()}")["QueueUrl"]
    ana = new_id()
    await world.receive(world.event("transaction.proposed.v1", ana))
    await world.send_all()
    (mail,) = await world.mails()
    body = {
        "eventType": "Bounce",
        "bounce": {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": world.members.address(ana)}]},
        "mail": {"messageId": "ses-1", "tags": {"mail_id": [mail.id]}},
    }
    for text in ("Successfully validated SNS topic for Amazon SES event publishing.", *[json.dumps(body)] * 2):
        sqs.send_message(QueueUrl=url, MessageBody=text)

    stopping = asyncio.Event()
    async with AsyncExitStack() as stack:
        settings = world.settings.model_copy(update={"feedback_queue_url": url, "long_poll_seconds": 1})
        parts = await build(stack, settings)
        loop = asyncio.ensure_future(parts.worker_loops[1](stopping))
        async with asyncio.timeout(20):
            while left(sqs, url):  # noqa: ASYNC110 - a queue tells nobody that it is empty
                await asyncio.sleep(0.05)
        stopping.set()
        await loop
    assert [row.status for row in await world.mails()] == ["bounced"]
    assert [event["type"] for event in await world.published()] == ["email.sent.v1", "email.bounced.v1"]


def left(sqs: object, url: str) -> int:
    """Messages that wait or are in hand."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]  # type: ignore[attr-defined]
    return sum(int(found[name]) for name in names)
