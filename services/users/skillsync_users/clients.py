"""The user pool, asked for what its access tokens do not carry: the caller's verified e-mail address."""

import asyncio
import re
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from skillsync_kit import deadline
from skillsync_kit.auth import Principal
from skillsync_kit.errors import DependencyUnavailable, Unauthorized
from skillsync_kit.telemetry import log
from skillsync_users.errors import EmailNotVerified, EmailUnusable

if TYPE_CHECKING:
    from types_aiobotocore_cognito_idp import CognitoIdentityProviderClient

__all__ = ["CognitoAccounts", "CognitoUserDirectory", "UserAccounts", "UserDirectory"]

_LONGEST_SECONDS = 5.0
_LONGEST_ADDRESS = 254
# No blanks, controls, quotes or lists: what goes into a mail's header must be one address and nothing else.
_ADDRESS = re.compile(r"[^\s\x00-\x20\x7f-\x9f\u2028\u2029<>()\[\]\\,;:@\"]+@[^\s\x00-\x20\x7f-\x9f<>()\[\]\\,;:@\"]+")
# The token is no longer good there: signed out everywhere, deleted, or without the scope to read one's own attributes.
_TOKEN_REFUSED = frozenset({"NotAuthorizedException", "UserNotFoundException", "PasswordResetRequiredException"})


class UserDirectory(Protocol):
    """Knows the e-mail address of whoever calls."""

    async def verified_email(self, by: Principal) -> str:
        """The caller's address. Raises EmailNotVerified, EmailUnusable, Unauthorized or DependencyUnavailable."""
        ...


class CognitoUserDirectory:
    """The Cognito user pool, asked with the caller's own access token (GetUser).

    Cognito gives `email_verified`, "true" or "false", with every address. The local emulator leaves it out once a
    sign-up was confirmed, so the local environment alone may take an address without it for verified; an address that
    is said not to be verified is refused everywhere.
    """

    def __init__(self, client: "CognitoIdentityProviderClient", *, unstated_is_verified: bool = False) -> None:
        self._client = client
        self._unstated = "true" if unstated_is_verified else "false"
        if unstated_is_verified:
            log.info("stand-in: addresses count as verified when the user pool does not say", only_in="local")

    async def verified_email(self, by: Principal) -> str:
        """See UserDirectory."""
        attributes = await self._attributes(by.token)
        address = attributes.get("email", "")
        if not address or attributes.get("email_verified", self._unstated).lower() != "true":
            raise EmailNotVerified("Confirm the code that was sent to your e-mail address, then sign up again.")
        if len(address) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(address):
            raise EmailUnusable("Give the user pool another e-mail address, then sign up again.")
        return address

    async def _attributes(self, token: str) -> dict[str, str]:
        try:
            async with asyncio.timeout(deadline.remaining_seconds(_LONGEST_SECONDS)):
                answer = await self._client.get_user(AccessToken=token)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            # `from None`: the request these errors could tell of holds the token.
            if code in _TOKEN_REFUSED:
                raise Unauthorized("The user pool no longer takes this access token.") from None
            if code == "UserNotConfirmedException":
                raise EmailNotVerified("Confirm your sign-up first.") from None
            raise DependencyUnavailable("The user pool does not answer as it should.") from None
        except (BotoCoreError, OSError, TimeoutError):
            raise DependencyUnavailable("The user pool does not answer.") from None
        return {attribute["Name"]: attribute.get("Value", "") for attribute in answer["UserAttributes"]}


class UserAccounts(Protocol):
    """Keeps the accounts that people sign in with."""

    async def delete(self, id: str) -> None:
        """Delete the account; one that is gone already is no error. Raises DependencyUnavailable."""
        ...


class CognitoAccounts:
    """The accounts of a Cognito user pool, which takes the `sub` for a user name."""

    def __init__(self, client: "CognitoIdentityProviderClient", pool_id: str) -> None:
        self._client = client
        self._pool_id = pool_id

    async def delete(self, id: str) -> None:
        """See UserAccounts."""
        try:
            await self._client.admin_delete_user(UserPoolId=self._pool_id, Username=id)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code", "") != "UserNotFoundException":
                raise DependencyUnavailable("The user pool does not delete the account.") from None
        except (BotoCoreError, OSError, TimeoutError):
            raise DependencyUnavailable("The user pool does not answer.") from None
