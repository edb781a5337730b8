"""SES: takes mails and delivers them. It has no key against repetition: what is sent twice arrives twice."""

from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from skillsync_kit.errors import DependencyUnavailable
from skillsync_notifications.clients.letters import compose, recipient
from skillsync_notifications.entities import Letter
from skillsync_notifications.errors import Refused

if TYPE_CHECKING:
    from types_aiobotocore_sesv2 import SESV2Client
    from types_aiobotocore_sesv2.type_defs import SendEmailRequestTypeDef

__all__ = ["FixedLimit", "PostOffice", "SendingLimit", "Ses", "SesLimit"]

# The other refusals (quota, paused account, unverified sender) are ours to mend: the mail waits for that.
_FOR_GOOD = "BadRequestException"


class PostOffice(Protocol):
    """Takes letters."""

    async def send(self, letter: Letter) -> str:
        """Send one letter; the post office's id of it. Raises Refused, or DependencyUnavailable."""
        ...


class SendingLimit(Protocol):
    """Knows how fast mails may leave."""

    async def mails_per_second(self) -> float:
        """The rate, above zero. Raises DependencyUnavailable."""
        ...


class FixedLimit:
    """A rate that was set: this process's share, where several send for one account."""

    def __init__(self, rate: float) -> None:
        self._rate = rate

    async def mails_per_second(self) -> float:
        """See SendingLimit."""
        return self._rate


class SesLimit:
    """The rate that SES grants the account."""

    def __init__(self, client: "SESV2Client") -> None:
        self._client = client

    async def mails_per_second(self) -> float:
        """See SendingLimit."""
        try:
            rate = (await self._client.get_account()).get("SendQuota", {}).get("MaxSendRate", 0.0)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "unknown")
            raise DependencyUnavailable(f"SES: {code}") from None
        except (BotoCoreError, OSError, TimeoutError) as error:
            raise DependencyUnavailable(f"SES: {type(error).__name__}") from None
        if rate <= 0:
            raise DependencyUnavailable("SES: the account may not send")
        return rate


class Ses:
    """The post office at SES. Its client makes one attempt: a retry below us would be a repetition nobody counts."""

    def __init__(self, client: "SESV2Client", *, sender: str, configuration_set: str | None) -> None:
        self._client = client
        self._sender = sender
        self._configuration_set = configuration_set

    async def send(self, letter: Letter) -> str:
        """See PostOffice."""
        try:
            content, address = compose(letter, self._sender), recipient(letter).addr_spec
        except ValueError:
            raise Refused("the address or a header cannot be written") from None
        request: SendEmailRequestTypeDef = {
            "FromEmailAddress": self._sender,
            "Destination": {"ToAddresses": [address]},
            "Content": {"Raw": {"Data": content}},
            # SES gives it back with a bounce or a complaint, also when its answer to this call never arrived.
            "EmailTags": [{"Name": "mail_id", "Value": letter.mail_id}],
        }
        if self._configuration_set:
            request["ConfigurationSetName"] = self._configuration_set
        try:
            answer = await self._client.send_email(**request)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "unknown")
            if code == _FOR_GOOD:
                raise Refused(f"SES: {code}") from None
            # The code alone: SES's words name the address.
            raise DependencyUnavailable(f"SES: {code}") from None
        except (BotoCoreError, OSError, TimeoutError) as error:
            raise DependencyUnavailable(f"SES: {type(error).__name__}") from None
        return answer["MessageId"]
