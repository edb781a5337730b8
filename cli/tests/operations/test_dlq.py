"""The DLQ commands on real queues: what is shown, what is moved and deleted, and what is left as it was."""

import json
from typing import TYPE_CHECKING, Any

import pytest

from skillsync.errors import Problem
from skillsync.operations.aws import queue_arn
from skillsync.operations.dead_letters import depth
from skillsync.operations.dlq import Desk, require_choice
from skillsync.operations.hold import Hold

if TYPE_CHECKING:
    from tests.operations.conftest import Cloud, Note

Capture = pytest.CaptureFixture[str]
EVENT = {
    "specversion": "1.0",
    "id": "01a2-event",
    "type": "transaction.finalized.v1",
    "source": "/transactions",
    "subject": "01a1-subject",
    "sequence": 1,
    "time": "2030-01-01T12:00:00.000Z",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "data": {},
}


def printed(capsys: Capture) -> Any:
    return json.loads(capsys.readouterr().out)


def letters(capsys: Capture) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = printed(capsys)["queues"][0]["messages"]
    return found


def test_a_message_is_shown_with_its_event_and_the_reason_its_consumer_noted(
    desk: Desk, cloud: "Cloud", note: "Note", capsys: Capture
) -> None:
    id = cloud.put(cloud.dlq_url, json.dumps(EVENT), type="transaction.finalized.v1")
    failed = {"message_id": id, "reason": "no such person", "receives": 5, "failed_at": "2030-01-01T12:01:00Z"}
    note([id], [failed | {"event_id": None, "type": None, "traceparent": None}])
    assert not desk.look(["user"], 10), "a DLQ that is not empty needs attention"
    (letter,) = letters(capsys)
    assert letter.pop("sent_at").endswith("Z")
    assert letter == {
        "message_id": id,
        "type": "transaction.finalized.v1",
        "subject": "01a1-subject",
        "event_id": "01a2-event",
        "receives": 1,
        "given_up_after": 5,
        "failed_at": "2030-01-01T12:01:00Z",
        "reason": "no such person",
        "traceparent": EVENT["traceparent"],
    }


@pytest.mark.parametrize("body", ["no event", "[1]", "{", '{"type": 7, "id": null}', "[" * 100_000])
def test_a_message_that_is_no_event_is_shown_all_the_same(
    body: str, desk: Desk, cloud: "Cloud", capsys: Capture
) -> None:
    id = cloud.put(cloud.dlq_url, body, type="user.created.v1")
    desk.look(["user"], 10)
    (letter,) = letters(capsys)
    assert (letter["message_id"], letter["type"], letter["event_id"]) == (id, "user.created.v1", None)
    assert letter["reason"] == "unknown", "the service knows nothing of it"


def test_what_sns_could_not_deliver_carries_its_own_reason(desk: Desk, cloud: "Cloud", capsys: Capture) -> None:
    cloud.put(cloud.subscription_dlq_url, json.dumps(EVENT), ErrorMessage="KMS access denied")
    desk.look(["user-subscription"], 10)
    assert letters(capsys)[0]["reason"] == "KMS access denied"


def test_to_look_changes_nothing_but_the_count_of_receives(desk: Desk, cloud: "Cloud", capsys: Capture) -> None:
    for number in range(23):
        cloud.put(cloud.dlq_url, f"message {number}")
    desk.look(["user"], 100)
    assert len(letters(capsys)) == 23
    found = cloud.take(cloud.dlq_url)
    assert len(found) == 23, "all are visible again at once"
    assert {message["Attributes"]["ApproximateReceiveCount"] for message in found} == {"2"}


def test_more_than_the_limit_is_said(desk: Desk, cloud: "Cloud", capsys: Capture) -> None:
    for number in range(15):
        cloud.put(cloud.dlq_url, f"message {number}")
    desk.look(["user"], 12)
    (found,) = printed(capsys)["queues"]
    assert (len(found["messages"]), found["more"]) == (12, 3)


def test_all_dlqs_are_listed_when_none_is_named(desk: Desk, cloud: "Cloud", capsys: Capture) -> None:
    assert desk.look([], 10)
    assert [one["name"] for one in printed(capsys)["queues"]] == ["user", "user-subscription"]
    cloud.put(cloud.subscription_dlq_url)
    assert not desk.look([], 10)
    assert [len(one["messages"]) for one in printed(capsys)["queues"]] == [0, 1]


def test_an_interrupted_look_gives_everything_back(cloud: "Cloud") -> None:
    def look() -> None:
        with Hold(cloud.sqs, cloud.dlq_url) as hold:
            assert hold.take(10)
            raise KeyboardInterrupt

    cloud.put(cloud.dlq_url)
    with pytest.raises(KeyboardInterrupt):
        look()
    assert len(cloud.take(cloud.dlq_url)) == 1


def test_one_message_is_shown_whole_and_harmless(desk: Desk, cloud: "Cloud", capsys: Capture) -> None:
    body = '{"a": "\\u001b[2J", "b": "[bold]x[/bold]\\u202e"}'
    id = cloud.put(cloud.dlq_url, body, type="x\ty")
    desk.show("user", id)
    assert printed(capsys)["body"] == body
    Desk(cloud.status, cloud.sqs, desk._services, as_json=False).show("user", id)
    text = capsys.readouterr().out
    assert "[bold]x[/bold]" in text
    assert id in text
    assert not {"\x1b", "\u202e"} & set(text)


def test_a_chosen_message_is_moved_with_its_attributes_and_the_others_stay(
    desk: Desk, cloud: "Cloud", capsys: Capture
) -> None:
    stays = [cloud.put(cloud.dlq_url, f"stays {number}") for number in range(12)]
    id = cloud.put(cloud.dlq_url, json.dumps(EVENT), type="transaction.finalized.v1", other="ä")
    assert desk.redrive("user", [id], dry_run=False)
    outcome = printed(capsys)
    assert (outcome["by"], outcome["moved"], outcome["left"]) == ("one-by-one", 1, len(stays))
    assert [letter["message_id"] for letter in outcome["messages"]] == [id]
    (moved,) = cloud.take(cloud.url)
    assert json.loads(moved["Body"]) == EVENT
    attributes = {name: value["StringValue"] for name, value in moved["MessageAttributes"].items()}
    assert attributes == {"type": "transaction.finalized.v1", "other": "ä"}
    assert {message["MessageId"] for message in cloud.take(cloud.dlq_url)} == set(stays)


def test_all_are_moved_once(desk: Desk, cloud: "Cloud", capsys: Capture) -> None:
    for number in range(23):
        cloud.put(cloud.dlq_url, f"message {number:02}")
    assert desk.redrive("user", [], dry_run=False)
    outcome = printed(capsys)
    assert (outcome["moved"], outcome["left"]) == (23, 0)
    assert cloud.bodies(cloud.url) == [f"message {number:02}" for number in range(23)]


def test_what_sns_could_not_deliver_goes_to_the_queue(desk: Desk, cloud: "Cloud", capsys: Capture) -> None:
    cloud.put(cloud.subscription_dlq_url, "lost")
    assert desk.redrive("user-subscription", [], dry_run=False)
    assert printed(capsys)["by"] == "one-by-one"
    assert cloud.bodies(cloud.url) == ["lost"]


def test_a_message_that_comes_back_at_once_is_not_moved_again(desk: Desk, cloud: "Cloud", capsys: Capture) -> None:
    # As a poison message would: what is moved is in the DLQ again.
    cloud.status["queues"]["user"]["url"] = cloud.dlq_url
    for number in range(3):
        cloud.put(cloud.dlq_url, f"poison {number}")
    assert not desk.redrive("user", [], dry_run=False), "they are left, and that needs attention"
    assert (printed(capsys)["moved"], depth(cloud.sqs, cloud.dlq_url)) == (3, 3)


def test_nothing_is_deleted_that_was_not_sent(desk: Desk, cloud: "Cloud") -> None:
    id = cloud.put(cloud.dlq_url, "kept")
    cloud.status["queues"]["user"]["url"] = cloud.url + "-that-is-not-there"
    with pytest.raises(Problem, match="AWS at http"):
        desk.redrive("user", [id], dry_run=False)
    assert cloud.bodies(cloud.dlq_url) == ["kept"], "and visible again at once"


@pytest.mark.parametrize("verb", ["redrive", "discard"])
def test_a_dry_run_shows_and_does_nothing(verb: str, desk: Desk, cloud: "Cloud", capsys: Capture) -> None:
    ids = [cloud.put(cloud.dlq_url, f"message {number}") for number in range(3)]
    for chosen in ([], ids[:1]):
        assert getattr(desk, verb)("user", chosen, dry_run=True)
        outcome = printed(capsys)
        assert outcome["dry_run"]
        assert len(outcome["messages"]) == (len(chosen) or 3)
        assert outcome["left"] == 3
    assert cloud.take(cloud.url) == []
    assert len(cloud.take(cloud.dlq_url)) == 3


@pytest.mark.parametrize("verb", ["redrive", "discard"])
def test_when_one_of_the_chosen_is_not_there_nothing_is_changed(verb: str, desk: Desk, cloud: "Cloud") -> None:
    id = cloud.put(cloud.dlq_url, "there")
    with pytest.raises(
        Problem, match=r"^Nothing was changed: absent is not among the 1 messages found in test-user-dlq"
    ):
        getattr(desk, verb)("user", [id, "absent"], dry_run=False)
    assert cloud.take(cloud.url) == []
    assert cloud.bodies(cloud.dlq_url) == ["there"]


def test_the_chosen_are_discarded_or_all(desk: Desk, cloud: "Cloud", capsys: Capture) -> None:
    ids = [cloud.put(cloud.dlq_url, f"message {number}") for number in range(14)]
    assert desk.discard("user", ids[:2], dry_run=False)
    outcome = printed(capsys)
    assert (outcome["discarded"], outcome["left"]) == (2, 12)
    assert {letter["message_id"] for letter in outcome["messages"]} == set(ids[:2])
    assert desk.discard("user", [], dry_run=False)
    assert (printed(capsys)["discarded"], depth(cloud.sqs, cloud.dlq_url)) == (12, 0)
    assert cloud.take(cloud.url) == []


def test_to_discard_everything_must_be_meant() -> None:
    require_choice(["id"], all_of_them=False, yes=False, dry_run=False)
    require_choice([], all_of_them=True, yes=True, dry_run=False)
    require_choice([], all_of_them=True, yes=False, dry_run=True)
    for ids, all_of_them in (([], False), (["id"], True)):
        with pytest.raises(Problem, match="Say which"):
            require_choice(ids, all_of_them=all_of_them, yes=True, dry_run=False)
    with pytest.raises(Problem, match="add --yes"):
        require_choice([], all_of_them=True, yes=False, dry_run=False)


def test_a_queue_that_is_not_there_is_answered_with_those_that_are(desk: Desk) -> None:
    with pytest.raises(Problem, match=r"^There is no queue 'users'\. There are: user, user-subscription\.$"):
        desk.look(["users"], 10)


def test_the_table_has_what_the_next_command_needs(desk: Desk, cloud: "Cloud", services: Any, capsys: Capture) -> None:
    id = cloud.put(cloud.dlq_url, json.dumps(EVENT))
    assert not Desk(cloud.status, cloud.sqs, services, as_json=False).look(["user"], 10)
    text = capsys.readouterr().out
    for shown in (id, "transaction.finalized.v1", "01a1-subject", "01a2-event", "0af7651916cd43dd8448eb211c80319c"):
        assert shown in text
    assert queue_arn(cloud.sqs, cloud.dlq_url).endswith(":test-user-dlq")
