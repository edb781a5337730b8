"""Deletes: in batches that fill themselves while a call is under way, and never a reason to fail."""

import asyncio
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from skillsync_kit.deletion import Deletion


class Queue:
    """A stub of SQS: takes deletes, each call when it is let through."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.called = asyncio.Event()
        self.open = asyncio.Event()
        self.failed: list[dict[str, str]] = []
        self.trouble: Exception | None = None

    async def delete_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:
        assert len({entry["Id"] for entry in Entries}) == len(Entries) <= 10
        self.calls.append([entry["ReceiptHandle"] for entry in Entries])
        self.called.set()
        await self.open.wait()
        if self.trouble:
            raise self.trouble
        return {"Failed": self.failed}


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
def deletion(queue: Queue) -> Deletion:
    return Deletion(cast(Any, queue), "http://queue.example/things")


async def test_what_comes_while_a_call_is_under_way_goes_together_in_the_next(queue: Queue, deletion: Deletion) -> None:
    first = asyncio.create_task(deletion.delete("first"))
    await queue.called.wait()
    others = [asyncio.create_task(deletion.delete(str(number))) for number in range(12)]
    await asyncio.sleep(0)
    assert queue.calls == [["first"]]
    queue.open.set()
    await asyncio.gather(first, *others)
    assert queue.calls[1:] == [[str(number) for number in range(10)], ["10", "11"]]


async def test_a_delete_ends_only_when_its_call_is_answered(queue: Queue, deletion: Deletion) -> None:
    deleting = asyncio.create_task(deletion.delete("h1"))
    await queue.called.wait()
    await asyncio.sleep(0)
    assert not deleting.done()
    queue.open.set()
    await deleting


async def test_a_broker_that_is_away_is_no_reason_to_fail(queue: Queue, deletion: Deletion) -> None:
    queue.open.set()
    queue.trouble = ConnectionResetError()
    with capture_logs() as lines:
        await deletion.delete("h1")
    assert [line["event"] for line in lines] == ["messages not deleted"]
    queue.trouble = None
    await deletion.delete("h2")
    assert queue.calls == [["h1"], ["h2"]]


async def test_what_is_no_longer_ours_is_no_error_and_the_rest_is_told(queue: Queue, deletion: Deletion) -> None:
    queue.open.set()
    queue.failed = [{"Id": "0", "Code": "ReceiptHandleIsInvalid"}, {"Id": "1", "Code": "InternalError"}]
    with capture_logs() as lines:
        await deletion.delete("h1")
    assert [(line["event"], line["code"]) for line in lines] == [("message not deleted", "InternalError")]
