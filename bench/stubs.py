"""A process that stands in for the user pool's keys and for the users service.

python -m bench.stubs PORT PUBLIC_JWK
"""

import json
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bench.people import NAMES


def app(public_jwk: dict[str, str]) -> Starlette:
    """The key set, and the names of whomever is asked for."""

    async def keys(_: Request) -> JSONResponse:
        return JSONResponse({"keys": [public_jwk]})

    async def users(request: Request) -> JSONResponse:
        first, last, display = NAMES
        ids = request.query_params.getlist("id")
        items = [{"id": id, "first_name": first, "last_name": last, "display_name": display} for id in ids]
        return JSONResponse({"items": items})

    return Starlette(routes=[Route("/jwks.json", keys), Route("/v1/users", users)])


def main() -> None:
    """Serve until told to stop."""
    port, public_jwk = sys.argv[1:]
    uvicorn.run(app(json.loads(public_jwk)), host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main()
