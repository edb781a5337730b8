"""The worker's identity: at a token endpoint made up here, and at the local cloud's."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import boto3
import httpx2
import jwt
import pytest

from skillsync_kit.aws import open_client
from skillsync_kit.errors import DependencyUnavailable
from skillsync_kit.worker_tokens import SecretsManager, WorkerTokens
from skillsync_testing.emulator import Emulator

SCOPES = ["skillsync/transactions.read", "skillsync/users.contact"]


class TokenEndpoint:
    """Grants token after token; `status` other than 200 refuses."""

    def __init__(self) -> None:
        self.status = 200
        self.expires_in = 3600
        self.body: object = None
        self.asked: list[httpx2.Request] = []
        self.secrets_read = 0
        self.secret = "first"  # noqa: S105 - made up
        http = httpx2.AsyncClient(transport=httpx2.MockTransport(self._answer))
        self.tokens = WorkerTokens(
            http, url="http://pool.example/oauth2/token", client_id="worker", read_secret=self._secret, scopes=SCOPES
        )

    async def _secret(self) -> str:
        self.secrets_read += 1
        await asyncio.sleep(0)
        return self.secret

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        granted = {"access_token": f"token-{len(self.asked)}", "expires_in": self.expires_in, "token_type": "Bearer"}
        return httpx2.Response(self.status, json=self.body or granted)


@pytest.fixture
def endpoint() -> TokenEndpoint:
    return TokenEndpoint()


async def test_it_asks_as_the_client_for_every_scope(endpoint: TokenEndpoint) -> None:
    assert await endpoint.tokens.get() == "token-1"
    (asked,) = endpoint.asked
    assert asked.headers["authorization"] == "Basic " + base64.b64encode(b"worker:first").decode()
    form = dict(pair.split("=") for pair in asked.content.decode().split("&"))
    assert form["grant_type"] == "client_credentials"
    assert sorted(form["scope"].replace("%2F", "/").split("+")) == SCOPES


async def test_many_at_once_ask_once_and_share_the_token(endpoint: TokenEndpoint) -> None:
    assert set(await asyncio.gather(*(endpoint.tokens.get() for _ in range(20)))) == {"token-1"}
    assert await endpoint.tokens.get() == "token-1"
    assert (len(endpoint.asked), endpoint.secrets_read) == (1, 1)


async def test_a_token_near_its_end_is_not_given(endpoint: TokenEndpoint) -> None:
    endpoint.expires_in = 60
    assert [await endpoint.tokens.get(), await endpoint.tokens.get()] == ["token-1", "token-2"]


async def test_a_forgotten_token_is_not_given_and_another_is_not_forgotten_for_it(endpoint: TokenEndpoint) -> None:
    first = await endpoint.tokens.get()
    endpoint.tokens.forget(first)
    second = await endpoint.tokens.get()
    endpoint.tokens.forget(first)
    assert [second, await endpoint.tokens.get()] == ["token-2", "token-2"]
    assert endpoint.secrets_read == 1


async def test_a_rotated_secret_is_read_anew(endpoint: TokenEndpoint) -> None:
    endpoint.status = 400
    with pytest.raises(DependencyUnavailable, match="400"):
        await endpoint.tokens.get()
    endpoint.status, endpoint.secret = 200, "second"
    await endpoint.tokens.get()
    assert endpoint.asked[-1].headers["authorization"] == "Basic " + base64.b64encode(b"worker:second").decode()


async def test_an_endpoint_in_trouble_leaves_the_secret_alone(endpoint: TokenEndpoint) -> None:
    endpoint.status = 503
    with pytest.raises(DependencyUnavailable, match="503"):
        await endpoint.tokens.get()
    endpoint.status = 200
    await endpoint.tokens.get()
    assert endpoint.secrets_read == 1


async def test_an_answer_that_cannot_be_read_is_not_quoted(endpoint: TokenEndpoint) -> None:
    endpoint.body = {"access_token": "hush-hush", "expires_in": "soon"}
    with pytest.raises(DependencyUnavailable) as unreadable:
        await endpoint.tokens.get()
    assert "hush" not in repr(unreadable.value)
    assert unreadable.value.__suppress_context__


async def test_an_endpoint_that_is_away_is_a_dependency_that_is_away() -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    async def secret() -> str:
        return "first"

    http = httpx2.AsyncClient(transport=httpx2.MockTransport(refuse))
    with pytest.raises(DependencyUnavailable, match="does not answer"):
        await WorkerTokens(http, url="http://pool.example", client_id="worker", read_secret=secret, scopes=SCOPES).get()


@pytest.fixture
async def at_the_cloud(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[[str], WorkerTokens]]:
    """Makes tokens at the local cloud's pool, the client's secret kept under the id that is given."""
    for name, value in emulator.client_environment().items():
        monkeypatch.setenv(name, value)
    pool = boto3.client("cognito-idp")
    pool_id = pool.create_user_pool(PoolName="workers")["UserPool"]["Id"]
    names = [scope.partition("/")[2] for scope in SCOPES]
    pool.create_resource_server(
        UserPoolId=pool_id,
        Identifier="skillsync",
        Name="Internal",
        Scopes=[{"ScopeName": name, "ScopeDescription": name} for name in names],
    )
    client = pool.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="worker",
        GenerateSecret=True,
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=SCOPES,
    )["UserPoolClient"]
    secrets = boto3.client("secretsmanager")
    kept = secrets.create_secret(Name=f"right-{pool_id}", SecretString=client["ClientSecret"])["ARN"]
    wrong = secrets.create_secret(Name=f"wrong-{pool_id}", SecretString="guessed")["ARN"]
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx2.AsyncClient())
        reader = await open_client(stack, "secretsmanager")
        ids = {"right": kept, "wrong": wrong, "missing": "no-such-secret"}
        yield lambda name: WorkerTokens(
            http,
            url=f"{emulator.endpoint_url}/oauth2/token",
            client_id=client["ClientId"],
            read_secret=SecretsManager(reader, ids[name]).read,
            scopes=SCOPES,
        )


async def test_the_local_cloud_grants_both_scopes(at_the_cloud: Callable[[str], WorkerTokens]) -> None:
    tokens = at_the_cloud("right")
    token = await tokens.get()
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["token_use"], sorted(claims["scope"].split())) == ("access", SCOPES)
    assert await tokens.get() == token


async def test_a_wrong_or_missing_secret_is_a_dependency_that_is_away(
    at_the_cloud: Callable[[str], WorkerTokens],
) -> None:
    with pytest.raises(DependencyUnavailable, match="token endpoint answered 4"):
        await at_the_cloud("wrong").get()
    with pytest.raises(DependencyUnavailable, match="secret cannot be read"):
        await at_the_cloud("missing").get()
