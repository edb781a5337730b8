"""Visibility: a message is hidden as long as it is being handled, and its handling ends when it is not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, cast

import pytest

from skillsync_kit import visibility
from skillsync_kit.aws import open_client
from skillsync_kit.ids import new_id
from skillsync_kit.visibility import LostMessage, TookTooLong, Visibility
from skillsync_testing import Emulator


class Queue:
    """A stub of SQS with a visibility timeout of 20 ms; refuses extensions when told to."""

    def __init__(self) -> None:
        self.extended = 0
        self.enough = asyncio.Event()
        self.trouble: Exception | None = None

    async def change_message_visibility(self, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: float) -> None:
        assert ReceiptHandle == "h1"
        self.extended += 1
        if self.extended == 3:
            self.enough.set()
        if self.trouble:
            raise self.trouble


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
def hidden(queue: Queue) -> Visibility:
    hidden = Visibility(cast(Any, queue), "http://queue.example/things")
    hidden._timeout_seconds = 0.02  # type: ignore[assignment]
    return hidden


async def test_it_is_extended_until_the_work_is_done(queue: Queue, hidden: Visibility) -> None:
    async def work() -> str:
        await queue.enough.wait()
        return "done"

    assert await hidden.while_hidden("h1", work()) == "done"
    assert queue.extended >= 3


async def test_quick_work_extends_nothing(queue: Queue, hidden: Visibility) -> None:
    async def work() -> None:
        raise LookupError("its own")

    with pytest.raises(LookupError, match="its own"):
        await hidden.while_hidden("h1", work())
    assert queue.extended == 0


async def test_an_extension_that_fails_cancels_the_work_and_waits_for_its_end(queue: Queue, hidden: Visibility) -> None:
    rolled_back = False

    async def work() -> None:
        nonlocal rolled_back
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            rolled_back = True

    queue.trouble = ConnectionResetError()
    with pytest.raises(LostMessage):
        await hidden.while_hidden("h1", work())
    assert rolled_back


async def test_work_that_was_done_meanwhile_stays_done(queue: Queue, hidden: Visibility) -> None:
    class Slow(Queue):
        async def change_message_visibility(self, **_: object) -> None:
            go_on.set()
            await asyncio.sleep(0)
            raise ConnectionResetError

    go_on = asyncio.Event()
    hidden._client = cast(Any, Slow())

    async def work() -> str:
        await go_on.wait()
        return "done"

    assert await hidden.while_hidden("h1", work()) == "done"


async def test_it_ends_at_the_ceiling(queue: Queue, hidden: Visibility, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visibility, "_CEILING_SECONDS", 0.1)
    with pytest.raises(TookTooLong):
        await hidden.while_hidden("h1", asyncio.Event().wait())
    assert queue.extended >= 3


@pytest.fixture
async def sqs(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    for name, value in emulator.client_environment("202020202021").items():
        monkeypatch.setenv(name, value)
    async with AsyncExitStack() as stack:
        yield await open_client(stack, "sqs", read_timeout_seconds=40)


async def test_on_a_queue_that_hides_for_a_second_nobody_else_gets_what_takes_longer(sqs: Any) -> None:
    queue = (await sqs.create_queue(QueueName=f"q-{new_id()}", Attributes={"VisibilityTimeout": "1"}))["QueueUrl"]
    await sqs.send_message(QueueUrl=queue, MessageBody="once")
    hidden = Visibility(sqs, queue)
    await hidden.read()
    [message] = (await sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5))["Messages"]

    async def somebody_else() -> list[Any]:
        # Three times what hides it unless it is extended.
        found: dict[str, Any] = await sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=3)
        messages: list[Any] = found.get("Messages", [])
        return messages

    assert await hidden.while_hidden(message["ReceiptHandle"], somebody_else()) == []
    await hidden.change(message["ReceiptHandle"], 0)
    assert len(await somebody_else()) == 1
    with pytest.raises(LostMessage):
        # Somebody else has it: its handle is another.
        await hidden.while_hidden(message["ReceiptHandle"], asyncio.Event().wait())
