"""The demo people's profiles and offerings, made through the gateway as a browser would."""

import asyncio
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from skillsync.errors import Problem
from skillsync.local.people import DEMO_PEOPLE, DemoPerson
from skillsync.local.provision import SignedIn

if TYPE_CHECKING:
    import httpx2

# A service that is just starting, or an emulator that is: asked again.
NOT_YET = frozenset({502, 503, 504})
PATIENCE_SECONDS = 20.0
RETRY_SECONDS = 0.1


class AddressTaken(Exception):
    """The database knows the address under another id: it has outlived the pool it was filled with."""


async def seed(gateway_url: str, people: Iterable[SignedIn]) -> None:
    """Make what is missing, leave what is there. Raises AddressTaken, or Problem."""
    import httpx2  # noqa: PLC0415

    async with httpx2.AsyncClient(base_url=gateway_url, timeout=10, trust_env=False) as client:
        pairs = zip(people, DEMO_PEOPLE, strict=True)
        seeding = [_seed_person(client, signed_in, person) for signed_in, person in pairs]
        for result in await asyncio.gather(*seeding, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result


async def _seed_person(client: "httpx2.AsyncClient", signed_in: SignedIn, person: DemoPerson) -> None:
    token = signed_in["access_token"]
    me = await _call(client, token, "GET", "/v1/users/me", expected={200, 404})
    if me.status_code == 404:
        profile = {
            "first_name": person.first_name,
            "last_name": person.last_name,
            "display_name": f"{person.first_name} {person.last_name}",
            "about": person.about,
        }
        made = await _call(client, token, "POST", "/v1/users", expected={201, 409}, body=profile)
        if made.status_code == 409:
            raise AddressTaken(signed_in["email"])
    mine = await _call(client, token, "GET", "/v1/offerings?owner=me&limit=100", expected={200})
    existing = {(offering["kind"], offering["skill"]) for offering in mine.json()["items"]}
    for kind, entries in (("offer", person.offers), ("want", person.wants)):
        for skill, text in entries:
            if (kind, skill) not in existing:
                offering = {"kind": kind, "skill": skill, "text": text}
                await _call(client, token, "POST", "/v1/offerings", expected={201}, body=offering)


async def _call(
    client: "httpx2.AsyncClient",
    token: str,
    method: str,
    path: str,
    *,
    expected: set[int],
    body: dict[str, Any] | None = None,
) -> "httpx2.Response":
    """One call, repeated under the same key while the system is still starting."""
    headers = {"Authorization": f"Bearer {token}"}
    if method == "POST":
        headers["Idempotency-Key"] = str(uuid.uuid4())
    give_up_at = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while True:
        answer, complaint = await _attempt(client, client.build_request(method, path, headers=headers, json=body))
        if answer is not None and answer.status_code in expected:
            return answer
        is_final = answer is not None and answer.status_code not in NOT_YET
        if is_final or asyncio.get_running_loop().time() > give_up_at:
            raise Problem(f"Seeding: {method} {path} {complaint}: see `skillsync logs users`.")
        await asyncio.sleep(RETRY_SECONDS)


async def _attempt(client: "httpx2.AsyncClient", request: "httpx2.Request") -> "tuple[httpx2.Response | None, str]":
    """The answer, if there was one, and in words what came of it."""
    import httpx2  # noqa: PLC0415

    try:
        answer = await client.send(request)
    except httpx2.TransportError as error:
        return None, f"got no answer ({error})"
    return answer, f"answered {answer.status_code} {' '.join(answer.text.split())[:300]}"
