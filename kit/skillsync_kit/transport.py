"""The transport of HTTP calls, whose every failure is one that its callers know."""

import httpx2

__all__ = ["Transport"]


class Transport(httpx2.AsyncHTTPTransport):
    """Sends requests; raises httpx2.TransportError alone when none of them came back.

    A connection that is reset while the library looks at it fails with an error of another kind (an AttributeError of
    the socket that is no longer there), which nobody would take for what it is.
    """

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """As the library's own."""
        try:
            return await super().handle_async_request(request)
        except httpx2.TransportError:
            raise
        except Exception as error:
            raise httpx2.NetworkError(type(error).__name__) from error
