"""Who coordinates: a group of the user pool."""

from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from skillsync_kit.errors import DependencyUnavailable

if TYPE_CHECKING:
    from types_aiobotocore_cognito_idp import CognitoIdentityProviderClient
    from types_aiobotocore_cognito_idp.type_defs import ListUsersInGroupRequestTypeDef

__all__ = ["Coordinators", "UserPoolGroup"]

_GROUP = "coordinator"
_PAGE, _MOST_PAGES = 60, 20


class Coordinators(Protocol):
    """Knows the coordinators."""

    async def ids(self) -> frozenset[str]:
        """Their ids. Raises DependencyUnavailable."""
        ...


class UserPoolGroup:
    """The coordinators of a Cognito user pool, at most 1,200. Their other attributes are passed over."""

    def __init__(self, client: "CognitoIdentityProviderClient", user_pool_id: str) -> None:
        self._client = client
        self._user_pool_id = user_pool_id

    async def ids(self) -> frozenset[str]:
        """See Coordinators."""
        request: ListUsersInGroupRequestTypeDef = {
            "UserPoolId": self._user_pool_id,
            "GroupName": _GROUP,
            "Limit": _PAGE,
        }
        found: set[str] = set()
        for _ in range(_MOST_PAGES):
            try:
                answer = await self._client.list_users_in_group(**request)
            except ClientError as error:
                code = error.response.get("Error", {}).get("Code", "unknown")
                raise DependencyUnavailable(f"The user pool: {code}") from None
            except (BotoCoreError, OSError, TimeoutError) as error:
                raise DependencyUnavailable(f"The user pool: {type(error).__name__}") from None
            for user in answer.get("Users", []):
                attributes = {each["Name"]: each.get("Value", "") for each in user.get("Attributes", [])}
                if user.get("Enabled", True) and attributes.get("sub"):
                    found.add(attributes["sub"])
            if not answer.get("NextToken"):
                break
            request["NextToken"] = answer["NextToken"]
        return frozenset(found)
