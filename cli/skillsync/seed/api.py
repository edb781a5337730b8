"""Calls through the gateway, as the people of the plan: bounded, counted, repeated under the same key when need be."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from skillsync.errors import Problem
from skillsync.local.people import DEMO_PASSWORD
from skillsync.local.pool import Pool
from skillsync.operations.aws import aws_problems

if TYPE_CHECKING:
    import httpx2

COORDINATORS = "coordinator"
# What to try again, as any client would: the request has not been worked on, or its key makes a repetition harmless.
AGAIN = frozenset({429, 502, 503, 504})
TRIES = 20
SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 5.0
TIMEOUT_SECONDS = 30.0
MERGE_PATCH = "application/merge-patch+json"


@dataclass(slots=True)
class Member:
    """Somebody who has joined. `id` is "" until the profile is made."""

    email: str
    token: str
    id: str = ""


class Signing:
    """Sign-up and sign-in at the local user pool. Raises Problem when it does not answer."""

    def __init__(self, pool: Pool, admin: Any, *, endpoint: str, pool_id: str) -> None:
        """`admin` is a client of the pool's own API, which puts people into groups."""
        self._pool = pool
        self._admin = admin
        self._endpoint = endpoint
        self._pool_id = pool_id

    def is_known(self, email: str) -> bool:
        """Whether the pool knows this person of a community."""
        with aws_problems(self._endpoint):
            return self._pool.sign_in(email, DEMO_PASSWORD) is not None

    async def up(self, email: str, *, is_coordinator: bool) -> Member:
        """A new person, with a token."""
        return await asyncio.to_thread(self._up, email, is_coordinator)

    async def again(self, member: Member) -> None:
        """Another token, for the old one has run out."""
        member.token = await asyncio.to_thread(self._token, member.email)

    def _up(self, email: str, is_coordinator: bool) -> Member:
        with aws_problems(self._endpoint):
            self._pool.sign_up(email, DEMO_PASSWORD)
            if is_coordinator:
                self._admin.admin_add_user_to_group(UserPoolId=self._pool_id, Username=email, GroupName=COORDINATORS)
        return Member(email, self._token(email))

    def _token(self, email: str) -> str:
        with aws_problems(self._endpoint):
            token = self._pool.sign_in(email, DEMO_PASSWORD)
        if token is None:
            raise Problem(f"The user pool does not let {email} in: see `skillsync logs cloud`.")
        return token


class Api:
    """`lanes` requests at once at most. `requests` counts those that were answered."""

    def __init__(self, http: "httpx2.AsyncClient", signing: Signing, lanes: int) -> None:
        self._http = http
        self._signing = signing
        self._lanes = asyncio.Semaphore(lanes)
        self.requests = 0

    async def join(self, email: str, *, is_coordinator: bool) -> Member:
        """A new person at the user pool."""
        async with self._lanes:
            return await self._signing.up(email, is_coordinator=is_coordinator)

    async def get(self, member: Member, path: str) -> "httpx2.Response":
        return await self._call(member, "GET", path, None, {})

    async def post(self, member: Member, path: str, body: Mapping[str, Any], key: str) -> "httpx2.Response":
        return await self._call(member, "POST", path, body, {"Idempotency-Key": key})

    async def put(self, member: Member, path: str, body: Mapping[str, Any]) -> "httpx2.Response":
        """What is there is replaced, whatever its version: nobody else has these people's tokens."""
        return await self._call(member, "PUT", path, body, {"If-Match": "*"})

    async def patch(self, member: Member, path: str, body: Mapping[str, Any], version: int) -> "httpx2.Response":
        headers = {"If-Match": f'"{version}"', "Content-Type": MERGE_PATCH}
        return await self._call(member, "PATCH", path, body, headers)

    async def _call(
        self, member: Member, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> "httpx2.Response":
        """The answer, whatever its status is, once it is final. Raises Problem when there is none."""
        pause, has_new_token, words = SHORTEST_PAUSE_SECONDS, False, ""
        for _ in range(TRIES):
            answer, words = await self._attempt(member, method, path, body, headers)
            if answer is not None and answer.status_code == 401 and not has_new_token:
                await self._signing.again(member)
                has_new_token = True
                continue
            if answer is not None and answer.status_code not in AGAIN:
                return answer
            await asyncio.sleep(max(pause, _retry_after(answer)))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        raise Problem(f"{method} {path} {words}, {TRIES} times: see `skillsync status` and `skillsync logs`.")

    async def _attempt(
        self, member: Member, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> "tuple[httpx2.Response | None, str]":
        import httpx2  # noqa: PLC0415

        sent = {"Authorization": f"Bearer {member.token}", **headers}
        async with self._lanes:
            try:
                answer = await self._http.request(method, path, headers=sent, json=body)
            except httpx2.TransportError as error:
                return None, f"got no answer ({type(error).__name__})"
        self.requests += 1
        return answer, f"answered {answer.status_code}"


class Pace:
    """How many requests a second there were since it was made."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    @property
    def per_second(self) -> float:
        return self._api.requests / max(self.seconds, 0.001)


def _retry_after(answer: "httpx2.Response | None") -> float:
    text = answer.headers.get("retry-after", "") if answer is not None else ""
    return min(float(text), LONGEST_PAUSE_SECONDS) if text.isdigit() else 0.0
