"""The operators' tools on a running system: a poison message found and discarded, a mended one redriven, the outboxes.

The queue is that of users' statistics: no other test leaves anything in its DLQ.
"""

import json
from typing import Any
from uuid import uuid4

from skillsync_testing.member import Member
from skillsync_testing.system import System, eventually

MAX_RECEIVE_COUNT = 5
PRODUCERS = ["users", "transactions", "notifications"]


def depth_of_dlq(system: System) -> int:
    """By the plain client, which receives nothing."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    url = system.status["queues"]["user"]["dlq_url"]
    counts = system.aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(counts[name]) for name in names)


def command(system: System, *arguments: str, status: int) -> Any:
    """What a command printed as JSON; it must end with this status."""
    ended = system.command(*arguments, "--json")
    assert ended.returncode == status, f"{ended.returncode}: {ended.stdout} {ended.stderr}"
    return json.loads(ended.stdout)


def user_queue(system: System, status: int) -> dict[str, Any]:
    rows = command(system, "queues", status=status)["queues"]
    assert [row["name"] for row in rows] == ["user", "transaction", "notification", "analytics", "feedback"]
    found: dict[str, Any] = rows[0]
    return found


def test_a_poison_message_is_found_with_its_reason_and_discarded(system: System) -> None:
    assert command(system, "dlq", "list", "user", status=0)["queues"] == [{"name": "user", "messages": [], "more": 0}]
    body = f"no event at all {uuid4().hex}"
    queue = system.status["queues"]["user"]["url"]
    id = system.aws("sqs").send_message(QueueUrl=queue, MessageBody=body)["MessageId"]
    eventually(lambda: depth_of_dlq(system) == 1, seconds=100, what="the message is given up on")
    assert user_queue(system, status=3)["dlq"] == 1

    (letter,) = command(system, "dlq", "list", "user", status=3)["queues"][0]["messages"]
    assert letter["message_id"] == id
    assert letter["receives"] == MAX_RECEIVE_COUNT + 1, "the consumer's receives, and our look"
    assert letter["given_up_after"] == MAX_RECEIVE_COUNT
    assert letter["reason"].startswith("UnreadableEvent: body:")
    assert command(system, "dlq", "show", "user", id, status=0)["body"] == body
    logs = [file.read_text() for file in (system.state_directory / "logs").glob("users*.log")]
    assert sum(log.count("message cannot be read") for log in logs) >= MAX_RECEIVE_COUNT
    assert not any(body in log for log in logs), "what a message holds is not logged"

    assert command(system, "dlq", "discard", "user", id, "--dry-run", status=0)["left"] == 1
    assert command(system, "dlq", "discard", "user", id, status=0)["left"] == 0
    assert depth_of_dlq(system) == 0


def test_a_message_that_can_be_read_again_is_redriven_and_handled_once(system: System) -> None:
    ana, bo = system.member("Ana").make_profile(), system.member("Bo").make_profile()

    def counted(member: Member) -> int:
        found: int = member.get(f"/users/{member.id}/stats").json()["finalized"]
        return found

    with system.subscribed_queue() as received:
        id = ana.finalized_exchange_with(bo)["id"]
        event = eventually(
            lambda: [e for e in received() if e["subject"] == id and e["type"] == "transaction.finalized.v1"],
            what="the event",
        )[0]
    for member in (ana, bo):
        eventually(lambda who=member: counted(who) == 1, what="the first exchange is counted")  # type: ignore[misc]

    # What a DLQ holds once its cause is mended: a message that is in order. Twice, as a crash between sending and
    # deleting would leave it.
    another = {**event, "id": str(uuid4()), "subject": str(uuid4())}
    sqs, queue = system.aws("sqs"), system.status["queues"]["user"]
    for _ in range(2):
        sqs.send_message(
            QueueUrl=queue["dlq_url"],
            MessageBody=json.dumps(another),
            MessageAttributes={"type": {"DataType": "String", "StringValue": another["type"]}},
        )
    first, second = command(system, "dlq", "list", "user", status=3)["queues"][0]["messages"]
    for letter in (first, second):
        shown = {name: letter[name] for name in ("event_id", "subject", "type", "traceparent")}
        assert shown == {
            "event_id": another["id"],
            "subject": another["subject"],
            "type": another["type"],
            "traceparent": another["traceparent"],
        }
    assert command(system, "dlq", "redrive", "user", "--dry-run", status=0)["moved"] == 2
    assert command(system, "dlq", "redrive", "user", first["message_id"], status=0)["left"] == 1
    assert command(system, "dlq", "redrive", "user", status=0)["left"] == 0
    for member in (ana, bo):
        eventually(lambda who=member: counted(who) == 2, what="the second exchange is counted")  # type: ignore[misc]
    eventually(system.queues_are_empty, what="all queues are empty")
    assert [counted(member) for member in (ana, bo)] == [2, 2], "each once"
    assert user_queue(system, status=0)["dlq"] == 0


def test_every_outbox_answers_and_drains(system: System) -> None:
    system.member("Cleo").make_profile()

    def is_drained() -> bool:
        ended = system.command("outbox", "--json")
        rows = json.loads(ended.stdout)["services"]
        assert [row["service"] for row in rows] == PRODUCERS
        assert [row["problem"] for row in rows] == [None, None, None]
        return ended.returncode == 0 and all(row["pending"] == 0 and row["stuck"] == [] for row in rows)

    eventually(is_drained, what="every outbox is empty")
