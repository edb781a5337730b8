"""What both HTTP peers have in common: settings, request bodies, refusals as problem details, names, the server."""

import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Annotated, Any, Literal

import httpx2
import uvicorn
from fastapi import FastAPI, Header, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from bench.peers.rules import Refused
from skillsync_kit.ids import new_id
from skillsync_transactions.settings import TransactionsSettings

__all__ = ["PRIVATE", "AgreedTerms", "Key", "Names", "TransactionIn", "make_app", "new_flow", "serve", "settings"]

PRIVATE = {"Cache-Control": "private, no-cache"}
_KEEP_NAMES_SECONDS = 300
Participant = Annotated[str, Field(max_length=36)]
Key = Annotated[str, Header(alias="Idempotency-Key", min_length=1, max_length=255)]


class LegIn(BaseModel):
    """A leg as its author writes it."""

    model_config = ConfigDict(extra="forbid")

    giver: Participant | None = None
    receiver: Participant | None = None
    skill: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)] | None = None
    minutes: Annotated[int, Field(ge=15, le=6000, multiple_of=15)] | None = None


class TransactionIn(BaseModel):
    """A new draft."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, Field(max_length=120)] = ""
    note: Annotated[str, Field(max_length=2000)] = ""
    settlement: Literal["hours", "none"] = "hours"
    legs: dict[Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,16}$")], LegIn] = Field(default={}, max_length=16)

    def legs_of(self, me: str) -> dict[str, dict[str, Any]]:
        """The legs, with the caller's id for "me"."""
        legs = {key: leg.model_dump() for key, leg in self.legs.items()}
        for leg in legs.values():
            for part in ("giver", "receiver"):
                if leg[part] == "me":
                    leg[part] = me
        return legs


class AgreedTerms(BaseModel):
    """The terms that the caller has read."""

    model_config = ConfigDict(extra="forbid")

    terms_rev: int = Field(ge=1)


@dataclass
class Names:
    """Members' names from the users service, remembered for some minutes."""

    client: httpx2.AsyncClient
    url: str
    known: dict[str, tuple[float, tuple[str, str, str]]] = field(default_factory=dict)

    async def of(self, ids: Collection[str], token: str) -> dict[str, tuple[str, str, str]]:
        """The names by id. Refuses when somebody is no member."""
        missing = [id for id in ids if id not in self.known or self.known[id][0] < monotonic()]
        if missing:
            query = {"id": missing}
            headers = {"Authorization": f"Bearer {token}"}
            answer = await self.client.get(f"{self.url}/v1/users", params=query, headers=headers, timeout=2)
            answer.raise_for_status()
            until = monotonic() + _KEEP_NAMES_SECONDS
            for item in answer.json()["items"]:
                self.known[item["id"]] = (until, (item["first_name"], item["last_name"], item["display_name"]))
        if any(id not in self.known for id in ids):
            raise Refused(422, "participant-unavailable")
        return {id: self.known[id][1] for id in ids}


def settings() -> TransactionsSettings:
    """The same settings as the service's."""
    return TransactionsSettings()


def make_app(lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]]) -> FastAPI:
    """An app whose refusals leave as problem details; ready once its lifespan has begun."""

    @asynccontextmanager
    async def started(app: FastAPI) -> AsyncIterator[None]:
        async with lifespan(app):
            yield

    app = FastAPI(lifespan=started, openapi_url=None)

    @app.exception_handler(Refused)
    async def refused(_: Request, refusal: Exception) -> JSONResponse:
        assert isinstance(refusal, Refused)
        body = {"type": f"/problems/{refusal.code}", "status": refusal.status, "code": refusal.code}
        return JSONResponse(body, refusal.status, media_type="application/problem+json")

    @app.get("/health/ready")
    async def ready() -> dict[str, str]:
        return {"status": "ready"}

    return app


def new_flow() -> tuple[str, str]:
    """A request's id and its traceparent, which go out with its events."""
    return new_id(), f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def fingerprint(request: Request, body: BaseModel | None) -> str:
    """What a repeated request is compared by."""
    text = f"{request.url.path}?{request.url.query}\n{json.dumps(body.model_dump() if body else None, sort_keys=True)}"
    return hashlib.sha256(text.encode()).hexdigest()


def serve(app: FastAPI, port: int) -> None:
    """Run it as `uvicorn module:app` does: uvloop, llhttp, one line a request."""
    uvicorn.run(app, host="127.0.0.1", port=port)
