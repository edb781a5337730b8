"""Whatever a broken connection makes the library raise, callers see a transport error."""

import httpx2
import pytest

from skillsync_kit.errors import DependencyUnavailable
from skillsync_kit.http_client import ServiceClient
from skillsync_kit.transport import Transport


async def test_a_socket_that_is_gone_is_a_network_error(monkeypatch: pytest.MonkeyPatch) -> None:
    async def trip(_: object, __: httpx2.Request) -> httpx2.Response:
        raise AttributeError("'NoneType' object has no attribute 'getpeername'")

    monkeypatch.setattr(httpx2.AsyncHTTPTransport, "handle_async_request", trip)
    async with httpx2.AsyncClient(transport=Transport()) as client:
        with pytest.raises(httpx2.NetworkError, match="AttributeError"):
            await client.get("http://127.0.0.1:1/")
        with pytest.raises(DependencyUnavailable):
            await ServiceClient(client, "things", "http://127.0.0.1:1").get("/v1/things", "token")


async def test_what_the_library_says_of_a_refused_connection_stays() -> None:
    async with httpx2.AsyncClient(transport=Transport()) as client:
        with pytest.raises(httpx2.ConnectError):
            await client.get("http://127.0.0.1:1/")
