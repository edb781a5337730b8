"""The user pool as this service asks it: a stub of each answer, and the real adapter on the local cloud."""

import os
from contextlib import AsyncExitStack
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from skillsync_kit.auth import Principal
from skillsync_kit.aws import open_client
from skillsync_kit.errors import DependencyUnavailable, Unauthorized
from skillsync_kit.ids import new_id
from skillsync_testing import Emulator
from skillsync_users.clients import CognitoAccounts, CognitoUserDirectory
from skillsync_users.errors import EmailNotVerified, EmailUnusable

TOKEN = "a-secret-token"  # noqa: S105 - of nobody
ADA = Principal(id=new_id(), token=TOKEN)
PASSWORD = "Sw0rdfish!"  # noqa: S105 - of a made-up person in a private local cloud


class StubPool:
    """Answers GetUser with these attributes, or fails as told."""

    def __init__(self, error: Exception | None = None, **attributes: str) -> None:
        self._error = error
        self._attributes = attributes

    async def get_user(self, *, AccessToken: str) -> dict[str, Any]:
        """See the Cognito API."""
        assert AccessToken == TOKEN
        if self._error:
            raise self._error
        return {"UserAttributes": [{"Name": name, "Value": value} for name, value in self._attributes.items()]}


def directory(error: Exception | None = None, /, *, is_local: bool = False, **attributes: str) -> CognitoUserDirectory:
    """The adapter over a stub."""
    stub: Any = StubPool(error, **attributes)
    return CognitoUserDirectory(stub, unstated_is_verified=is_local)


def refusal(code: str) -> ClientError:
    """What the AWS client raises."""
    return ClientError({"Error": {"Code": code, "Message": f"refused {TOKEN}"}}, "GetUser")


@pytest.mark.parametrize("is_local", [True, False])
async def test_a_verified_address_is_taken(is_local: bool) -> None:
    pool = directory(is_local=is_local, email="Ada@members.example", email_verified="true")
    assert await pool.verified_email(ADA) == "Ada@members.example"


@pytest.mark.parametrize("is_local", [True, False])
@pytest.mark.parametrize("attributes", [{"email": "a@b.example", "email_verified": "false"}, {}, {"email": ""}])
async def test_an_unverified_or_missing_address_is_refused_everywhere(
    is_local: bool, attributes: dict[str, str]
) -> None:
    with pytest.raises(EmailNotVerified):
        await directory(None, is_local=is_local, **attributes).verified_email(ADA)


async def test_an_address_of_which_nothing_is_said_is_taken_in_the_local_environment_alone() -> None:
    assert await directory(is_local=True, email="a@b.example").verified_email(ADA) == "a@b.example"
    with pytest.raises(EmailNotVerified):
        await directory(email="a@b.example").verified_email(ADA)


@pytest.mark.parametrize(
    "address",
    [
        "ada",
        "ada@",
        "@b.example",
        "a@b@c.example",
        "a b@c.example",
        "a@b.example,x@c.example",
        '"a"@b.example',
        "Ada <a@b.example>",
        "a@b.example\r\nBcc: x@c.example",
        "a@b.example\u2028",
        "a" * 250 + "@b.example",
    ],
)
async def test_an_address_that_could_steer_a_mail_is_refused(address: str) -> None:
    with pytest.raises(EmailUnusable) as refused:
        await directory(email=address, email_verified="true").verified_email(ADA)
    assert address not in refused.value.detail


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (refusal("NotAuthorizedException"), Unauthorized),
        (refusal("UserNotFoundException"), Unauthorized),
        (refusal("UserNotConfirmedException"), EmailNotVerified),
        (refusal("TooManyRequestsException"), DependencyUnavailable),
        (EndpointConnectionError(endpoint_url="http://pool.example"), DependencyUnavailable),
        (TimeoutError(), DependencyUnavailable),
    ],
)
async def test_the_pools_refusals_become_ours_and_never_hold_the_token(
    error: Exception, expected: type[Exception]
) -> None:
    with pytest.raises(expected) as refused:
        await directory(error).verified_email(ADA)
    assert TOKEN not in repr(refused.value)
    assert refused.value.__suppress_context__


async def test_on_the_local_cloud_a_confirmed_sign_up_has_its_address(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in emulator.client_environment().items():
        monkeypatch.setenv(name, value)
    assert os.environ["AWS_ENDPOINT_URL"] == emulator.endpoint_url
    token = confirmed_sign_up("cy@members.example")
    async with AsyncExitStack() as stack:
        client = await open_client(stack, "cognito-idp")
        local = CognitoUserDirectory(client, unstated_is_verified=True)
        assert await local.verified_email(Principal(id=new_id(), token=token)) == "cy@members.example"
        with pytest.raises(Unauthorized):
            await local.verified_email(Principal(id=new_id(), token="no token"))  # noqa: S106


def confirmed_sign_up(email: str) -> str:
    """The access token of a person who signed up at a new pool that verifies addresses."""
    cognito = boto3.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName=new_id(), AutoVerifiedAttributes=["email"], UsernameAttributes=["email"])
    client = cognito.create_user_pool_client(
        UserPoolId=pool["UserPool"]["Id"], ClientName="web", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    cognito.sign_up(
        ClientId=client, Username=email, Password=PASSWORD, UserAttributes=[{"Name": "email", "Value": email}]
    )
    cognito.confirm_sign_up(ClientId=client, Username=email, ConfirmationCode="123456")
    signed_in = cognito.initiate_auth(
        ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": email, "PASSWORD": PASSWORD}
    )
    return signed_in["AuthenticationResult"]["AccessToken"]


class StubAccounts:
    """Answers AdminDeleteUser, or fails as told."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error
        self.deleted: list[tuple[str, str]] = []

    async def admin_delete_user(self, *, UserPoolId: str, Username: str) -> None:
        """See the Cognito API."""
        if self._error:
            raise self._error
        self.deleted.append((UserPoolId, Username))


async def test_an_account_is_deleted_by_its_sub_and_one_that_is_gone_is_no_error() -> None:
    stub: Any = StubAccounts()
    await CognitoAccounts(stub, "pool").delete(ADA.id)
    assert stub.deleted == [("pool", ADA.id)]
    gone: Any = StubAccounts(refusal("UserNotFoundException"))
    await CognitoAccounts(gone, "pool").delete(ADA.id)


@pytest.mark.parametrize(
    "error", [refusal("TooManyRequestsException"), EndpointConnectionError(endpoint_url="x"), TimeoutError()]
)
async def test_a_pool_that_does_not_delete_is_asked_again_later(error: Exception) -> None:
    stub: Any = StubAccounts(error)
    with pytest.raises(DependencyUnavailable):
        await CognitoAccounts(stub, "pool").delete(ADA.id)
