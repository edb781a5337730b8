"""The messaging of a running system, seen through a plain AWS client."""

import json

import pytest

from skillsync_testing.emulator import REPOSITORY
from skillsync_testing.member import Member
from skillsync_testing.system import System, eventually


@pytest.mark.parametrize("stack", ["messaging", "identity"])
def test_what_runs_is_what_the_file_says_byte_for_byte(system: System, stack: str) -> None:
    deployed = system.aws("cloudformation").get_template(StackName=f"skillsync-local-{stack}")["TemplateBody"]
    assert deployed == (REPOSITORY / "infra" / "templates" / f"{stack}.yaml").read_text()


def test_the_same_event_five_times_counts_once(system: System) -> None:
    ana, bo = system.member("Ana").make_profile(), system.member("Bo").make_profile()
    with system.subscribed_queue() as received:
        id = ana.finalized_exchange_with(bo)["id"]
        finalized = eventually(
            lambda: [e for e in received() if e["subject"] == id and e["type"] == "transaction.finalized.v1"],
            what="the event",
        )[0]
        for _ in range(5):
            system.aws("sns").publish(
                TopicArn=system.status["topic_arn"],
                Message=json.dumps(finalized),
                MessageAttributes={"type": {"DataType": "String", "StringValue": finalized["type"]}},
            )
        # An exchange after the repetitions: when it is counted everywhere, so were they.
        second = bo.finalized_exchange_with(ana)
        assert second["state"] == "finalized"

    def counted(member: Member) -> list[int]:
        return [member.get(path).json()["finalized"] for path in (f"/users/{member.id}/stats", "/analytics/me")]

    for member in (ana, bo):
        eventually(lambda who=member: counted(who) == [2, 2], what="both exchanges are counted")  # type: ignore[misc]
        eventually(lambda who=member: len(_receipts(system, who)) == 2, what="two receipts")  # type: ignore[misc]
    eventually(system.queues_are_empty, what="all queues are empty")
    assert [counted(member) for member in (ana, bo)] == [[2, 2], [2, 2]]
    assert [len(_receipts(system, member)) for member in (ana, bo)] == [2, 2]


def _receipts(system: System, member: Member) -> list[str]:
    return [mail.subject for mail in system.mails_to(member.email) if mail.subject.startswith("Receipt")]
