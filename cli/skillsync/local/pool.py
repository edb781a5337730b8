"""People at the user pool, through its public API: what a browser would call, without a signature."""

import contextlib
from typing import TYPE_CHECKING, Any

from skillsync.errors import Problem

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

# The emulator's code for every sign-up; a real pool would send one by mail.
CONFIRMATION_CODE = "123456"


class Pool:
    """A user pool's app client for people."""

    def __init__(self, client: "CognitoIdentityProviderClient", client_id: str) -> None:
        self._client = client
        self._client_id = client_id

    def sign_up(self, email: str, password: str) -> None:
        """Sign up and confirm. Signing up twice does nothing."""
        client = self._client
        with contextlib.suppress(client.exceptions.UsernameExistsException):
            client.sign_up(
                ClientId=self._client_id,
                Username=email,
                Password=password,
                UserAttributes=[{"Name": "email", "Value": email}],
            )
        with contextlib.suppress(client.exceptions.NotAuthorizedException):  # confirmed already
            client.confirm_sign_up(ClientId=self._client_id, Username=email, ConfirmationCode=CONFIRMATION_CODE)

    def sign_in(self, email: str, password: str) -> str | None:
        """An access token; None when the pool does not know the person, or not with this password."""
        client = self._client
        try:
            answer = client.initiate_auth(
                ClientId=self._client_id,
                AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": email, "PASSWORD": password},
            )
        except (
            client.exceptions.NotAuthorizedException,
            client.exceptions.UserNotFoundException,
            client.exceptions.UserNotConfirmedException,
        ):
            return None
        return answer["AuthenticationResult"]["AccessToken"]

    def sign_in_or_up(self, email: str, password: str) -> tuple[str, bool]:
        """An access token, and whether the person is new."""
        token = self.sign_in(email, password)
        if token is not None:
            return token, False
        self.sign_up(email, password)
        token = self.sign_in(email, password)
        if token is None:
            raise Problem(f"The user pool knows {email} with another password: delete them there, then try again.")
        return token, True

    def subject(self, token: str) -> str:
        """The person's id, the pool's `sub`."""
        attributes = self._client.get_user(AccessToken=token)["UserAttributes"]
        return next(attribute["Value"] for attribute in attributes if attribute["Name"] == "sub")


def make_client(service: str, endpoint: str | None, region: str, *, read_timeout_seconds: float = 30) -> Any:
    """A boto3 client with bounds on its patience; credentials come from the environment, and the endpoint if None."""
    import boto3  # noqa: PLC0415 - takes half a second
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        connect_timeout=3, read_timeout=read_timeout_seconds, retries={"total_max_attempts": 3, "mode": "standard"}
    )
    return boto3.client(service, endpoint_url=endpoint, region_name=region, config=config)  # type: ignore[call-overload]
