"""SQS's own redrive. The emulator has none, so a stub that knows SQS's API stands in for an endpoint that has it."""

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from skillsync.errors import Problem
from skillsync.operations.dead_letters import DeadLetterQueue
from skillsync.operations.move_task import move_all

if TYPE_CHECKING:
    from tests.operations.conftest import Cloud

HANDLE, SOURCE, TARGET = "handle", "arn:aws:sqs:us-east-1:000000000000:dlq", "arn:aws:sqs:us-east-1:000000000000:queue"
DLQ = DeadLetterQueue("user", "https://sqs.example/dlq", "https://sqs.example/queue", "users", False)


@pytest.fixture
def sqs() -> Any:
    return boto3.client("sqs", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")  # noqa: S106


def plan(stub: Stubber, *tasks: dict[str, Any]) -> None:
    """The ARNs are asked for, the task is started, then looked at until it is over."""
    for arn in (SOURCE, TARGET):
        stub.add_response("get_queue_attributes", {"Attributes": {"QueueArn": arn}})
    request = {"SourceArn": SOURCE, "DestinationArn": TARGET, "MaxNumberOfMessagesPerSecond": 50}
    stub.add_response("start_message_move_task", {"TaskHandle": HANDLE}, request)
    for task in tasks:
        stub.add_response("list_message_move_tasks", {"Results": [task]}, {"SourceArn": SOURCE, "MaxResults": 1})


def test_it_is_started_watched_and_counted(sqs: Any) -> None:
    seen = []
    with Stubber(sqs) as stub:
        plan(
            stub,
            {"Status": "RUNNING", "ApproximateNumberOfMessagesMoved": 3, "ApproximateNumberOfMessagesToMove": 7},
            {"Status": "COMPLETED", "ApproximateNumberOfMessagesMoved": 7, "ApproximateNumberOfMessagesToMove": 7},
        )
        assert move_all(sqs, DLQ, lambda done, total: seen.append((done, total)), poll_seconds=0) == 7
        stub.assert_no_pending_responses()
    assert seen == [(3, 7), (7, 7)]


def test_a_task_that_fails_is_a_problem_with_its_reason(sqs: Any) -> None:
    with Stubber(sqs) as stub:
        plan(stub, {"Status": "FAILED", "ApproximateNumberOfMessagesMoved": 1, "FailureReason": "KmsAccessDenied"})
        with pytest.raises(Problem, match=r"SQS moved 1 messages of dlq, then the task was FAILED: KmsAccessDenied\."):
            move_all(sqs, DLQ, lambda done, total: None, poll_seconds=0)


def test_an_interrupted_one_is_cancelled(sqs: Any) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with Stubber(sqs) as stub:
        plan(stub, {"Status": "RUNNING"})
        stub.add_response("cancel_message_move_task", {}, {"TaskHandle": HANDLE})
        with pytest.raises(KeyboardInterrupt):
            move_all(sqs, DLQ, interrupt, poll_seconds=0)
        stub.assert_no_pending_responses()


@pytest.mark.parametrize("code", ["InvalidAction", "AWS.SimpleQueueService.UnsupportedOperation"])
def test_an_endpoint_without_it_says_so(sqs: Any, code: str) -> None:
    with Stubber(sqs) as stub:
        for arn in (SOURCE, TARGET):
            stub.add_response("get_queue_attributes", {"Attributes": {"QueueArn": arn}})
        stub.add_client_error("start_message_move_task", service_error_code=code)
        assert move_all(sqs, DLQ, lambda done, total: None) is None


def test_another_refusal_is_not_taken_for_that(sqs: Any) -> None:
    with Stubber(sqs) as stub:
        for arn in (SOURCE, TARGET):
            stub.add_response("get_queue_attributes", {"Attributes": {"QueueArn": arn}})
        stub.add_client_error("start_message_move_task", service_error_code="AccessDenied")
        with pytest.raises(ClientError):
            move_all(sqs, DLQ, lambda done, total: None)


def test_the_emulator_has_none(cloud: "Cloud") -> None:
    dlq = DeadLetterQueue("user", cloud.dlq_url, cloud.url, "users", False)
    assert move_all(cloud.sqs, dlq, lambda done, total: None) is None
