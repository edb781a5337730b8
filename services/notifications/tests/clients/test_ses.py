"""SES: at the local cloud, and its refusals as AWS words them."""

import json
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from skillsync_kit.aws import open_client
from skillsync_kit.errors import DependencyUnavailable
from skillsync_kit.ids import new_id
from skillsync_notifications.clients import Ses, SesLimit
from skillsync_notifications.entities import Appointment, Letter
from skillsync_notifications.errors import Refused
from skillsync_testing.emulator import Emulator

MakeLetter = Callable[..., Letter]
SENDER = "no-reply@mail.example"


class Cloud:
    """The local cloud's SES: an opened client, and what it shows to have been sent."""

    def __init__(self, endpoint_url: str, client: Any) -> None:
        self._messages = f"{endpoint_url}/_ministack/ses/messages"
        self.client = client

    def mails_to(self, address: str) -> list[dict[str, Any]]:
        with urllib.request.urlopen(self._messages, timeout=5) as answer:  # noqa: S310 - the test's own server
            accounts = json.load(answer)["messages"].values()
        return [mail for account in accounts for mail in account if address in mail["To"]]


@pytest.fixture
async def cloud(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Cloud]:
    for name, value in emulator.client_environment().items():
        monkeypatch.setenv(name, value)
    async with AsyncExitStack() as stack:
        client = await open_client(stack, "sesv2", attempts=1)
        yield Cloud(emulator.endpoint_url, client)


@pytest.fixture
async def verified(cloud: Cloud) -> str:
    """A sender at a domain that the local cloud takes for ours."""
    domain = f"{new_id()}.example"
    await cloud.client.create_email_identity(EmailIdentity=domain)
    return f"no-reply@{domain}"


async def test_a_letter_arrives_as_it_was_written(cloud: Cloud, verified: str, a_letter: MakeLetter) -> None:
    address = f"{new_id()}@people.example"
    letter = a_letter(address=address, name="Zoë", subject="Quittung: Gitarre für Bücher", text="Grüße\n")
    id = await Ses(cloud.client, sender=verified, configuration_set="skillsync-test").send(letter)
    (mail,) = cloud.mails_to(address)
    assert mail["MessageId"] == id
    assert (mail["Source"], mail["To"], mail["CC"], mail["BCC"]) == (verified, [address], [], [])
    assert mail["Subject"] == "Quittung: Gitarre für Bücher"
    assert (mail["BodyText"].strip(), mail["BodyHtml"].strip()) == ("Grüße", "<p>Hello</p>")


async def test_a_letter_with_all_there_is_arrives_too(cloud: Cloud, verified: str, a_letter: MakeLetter) -> None:
    address = f"{new_id()}@people.example"
    appointment = Appointment("t1", "Guitar", "Ana to Bo", "https://web.example/t1", a_letter().written_at, 60, 3)
    url = "https://web.example/v1/unsubscribe/token"
    await Ses(cloud.client, sender=verified, configuration_set=None).send(
        a_letter(address=address, appointment=appointment, unsubscribe_url=url)
    )
    (mail,) = cloud.mails_to(address)
    assert (mail["To"], mail["CC"], mail["BCC"]) == ([address], [], [])
    assert (mail["BodyText"].strip(), mail["BodyHtml"].strip()) == ("Hello", "<p>Hello</p>")


async def test_an_injection_reaches_nobody_else(cloud: Cloud, verified: str, a_letter: MakeLetter) -> None:
    address, victim = f"{new_id()}@people.example", f"{new_id()}@people.example"
    evil = f"x\r\nBcc: {victim}\r\n\r\n=?utf-8?q?=0D=0ABcc:_{victim}?="
    await Ses(cloud.client, sender=verified, configuration_set=None).send(
        a_letter(address=address, name=evil, subject=evil)
    )
    (mail,) = cloud.mails_to(address)
    assert (mail["To"], mail["CC"], mail["BCC"]) == ([address], [], [])
    assert cloud.mails_to(victim) == []
    assert mail["BodyText"].strip() == "Hello"


async def test_an_unverified_sender_is_ours_to_mend(cloud: Cloud, a_letter: MakeLetter) -> None:
    address = f"{new_id()}@people.example"
    with pytest.raises(DependencyUnavailable, match="SES: MessageRejected"):
        await Ses(cloud.client, sender="no-reply@unknown.example", configuration_set=None).send(
            a_letter(address=address)
        )
    assert cloud.mails_to(address) == []


async def test_what_is_no_address_is_refused_and_not_sent(cloud: Cloud, verified: str, a_letter: MakeLetter) -> None:
    with pytest.raises(Refused) as refused:
        await Ses(cloud.client, sender=verified, configuration_set=None).send(a_letter(address="zoë@people.example"))
    assert "people" not in str(refused.value)


class Stub:
    """A client that fails as told, and counts how often it was called."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.requests: list[dict[str, Any]] = []

    async def send_email(self, **request: Any) -> dict[str, str]:
        self.requests.append(request)
        raise self.error


def aws_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "Not valid: bo@people.example"}}, "SendEmail")


@pytest.mark.parametrize(
    ("error", "kind", "reason"),
    [
        (aws_error("BadRequestException"), Refused, "SES: BadRequestException"),
        (aws_error("TooManyRequestsException"), DependencyUnavailable, "SES: TooManyRequestsException"),
        (aws_error("SendingPausedException"), DependencyUnavailable, "SES: SendingPausedException"),
        (aws_error("NotFoundException"), DependencyUnavailable, "SES: NotFoundException"),
        (EndpointConnectionError(endpoint_url="x"), DependencyUnavailable, "SES: EndpointConnectionError"),
        (ConnectionResetError(), DependencyUnavailable, "SES: ConnectionResetError"),
    ],
)
async def test_refusals_are_told_apart_by_code_and_quote_nothing(
    a_letter: MakeLetter, error: Exception, kind: type[Exception], reason: str
) -> None:
    stub = Stub(error)
    with pytest.raises(kind) as failed:
        await Ses(stub, sender=SENDER, configuration_set=None).send(a_letter())  # type: ignore[arg-type]
    assert str(failed.value) == reason
    assert failed.value.__suppress_context__
    assert len(stub.requests) == 1


async def test_the_configuration_set_is_named_when_there_is_one(a_letter: MakeLetter) -> None:
    stub = Stub(ConnectionResetError())
    for configuration_set in (None, "skillsync-test"):
        with pytest.raises(DependencyUnavailable):
            await Ses(stub, sender=SENDER, configuration_set=configuration_set).send(a_letter())  # type: ignore[arg-type]
    assert [request.get("ConfigurationSetName") for request in stub.requests] == [None, "skillsync-test"]
    assert stub.requests[0]["Destination"] == {"ToAddresses": ["bo@people.example"]}


async def test_a_lost_answer_is_not_asked_for_again_behind_our_back(cloud: Cloud) -> None:
    # A retry inside the client would send again what nobody counts.
    assert cloud.client.meta.config.retries["total_max_attempts"] == 1


async def test_the_account_tells_how_fast_it_may_send(cloud: Cloud) -> None:
    assert await SesLimit(cloud.client).mails_per_second() == 14.0


class Account:
    """A stub of SES's answer about the account."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    async def get_account(self) -> Any:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"SendQuota": {"MaxSendRate": 0.0}},
        ClientError({"Error": {"Code": "TooManyRequestsException"}}, "GetAccount"),
        EndpointConnectionError(endpoint_url="http://cloud.example"),
    ],
)
async def test_an_account_that_tells_no_rate_is_away(answer: Any) -> None:
    with pytest.raises(DependencyUnavailable):
        await SesLimit(Account(answer)).mails_per_second()  # type: ignore[arg-type]
