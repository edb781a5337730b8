"""Operators before a browser: the live picture, dead letters moved back, the trail of an exchange."""

import json
import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from skillsync_testing.member import Member
from skillsync_testing.system import System, eventually

from .conftest import Visit, open_dialog

pytestmark = pytest.mark.parametrize("system", ["sqlite"], indirect=True, scope="session")

MakeMember = Callable[..., Member]


def test_an_operator_sees_the_system_and_moves_dead_letters_back(
    system: System, visit: Visit, member: MakeMember
) -> None:
    ola = member("Ola", "operator")
    sqs, queue = system.aws("sqs"), system.status["queues"]["analytics"]
    with system.subscribed_queue() as received:
        member("Cleo")
        event = eventually(received, what="an event")[0]
    # What the consumer has had: it passes over it, and leaves nothing behind.
    sqs.send_message(
        QueueUrl=queue["dlq_url"],
        MessageBody=json.dumps(event),
        MessageAttributes={"type": {"DataType": "String", "StringValue": event["type"]}},
    )
    visitor = visit()
    page = visitor.log_in(ola.email, path="/operations")
    visitor.heading("System")
    processes = page.get_by_role("region", name="Processes")
    for name in ("users", "transactions", "notifications", "analytics", "operations", "gateway"):
        expect(processes.get_by_role("row", name=re.compile(rf"^{name} ready "))).to_be_visible()
    back = page.get_by_role("button", name="Move back: dead letters of analytics")
    back.click()
    dialog = open_dialog(page, "Move the dead letters of analytics back?")
    assert visitor.violations() == []
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    assert not [url for method, url in visitor.requests if method == "POST" and "/redrive" in url]
    back.click()
    dialog.get_by_role("button", name="Move back").click()
    # Spoken as well as shown.
    expect(page.get_by_role("status").filter(has_text="1 moved back, 0 left.")).to_have_count(1)
    # The picture is looked at again by itself.
    expect(back).to_have_count(0)
    assert len([url for method, url in visitor.requests if method == "POST" and "/redrive" in url]) == 1
    eventually(system.queues_are_empty, what="all queues are empty")


def test_an_operator_follows_an_exchange_to_its_mails(visit: Visit, member: MakeMember) -> None:
    ola, ana, bo = member("Ola", "operator"), member("Ana"), member("Bo")
    id = ana.finalized_exchange_with(bo)["id"]
    visitor = visit()
    page = visitor.log_in(ola.email, path="/operations/trail")
    visitor.heading("An exchange's trail")
    page.get_by_label("Id of the exchange").fill(str(uuid4()))
    page.get_by_role("button", name="Follow").click()
    expect(page.get_by_role("heading", name="No trail")).to_be_visible()
    page.get_by_label("Id of the exchange").fill(id)
    page.get_by_role("button", name="Follow").click()
    steps = page.get_by_role("region", name="transaction.finalized.v1")
    expect(steps.get_by_role("row", name=re.compile(r"^Request received transactions 0 ms"))).to_be_visible()
    for consumer in ("users", "notifications", "analytics"):
        expect(steps.get_by_role("row", name=re.compile(rf"^Handled {consumer} [\d.,]+ ms"))).to_be_visible()
    # Until both receipts have left, the page looks again by itself.
    expect(steps.get_by_role("row", name=re.compile(r"^Mail sent receipt"))).to_have_count(2)
    assert ana.email not in page.content()


def test_to_a_member_there_are_no_such_pages(visit: Visit, member: MakeMember) -> None:
    ana = member("Ana")
    visitor = visit()
    page = visitor.log_in(ana.email, path="/operations")
    visitor.heading("There is nothing here")
    expect(page.get_by_role("link", name="System")).to_have_count(0)
    assert not [url for _, url in visitor.requests if "/v1/operations" in url]
