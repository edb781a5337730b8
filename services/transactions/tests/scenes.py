"""Who asks for a transaction, and in which state it is then.

Each transaction here has a past: as a draft it named a third person, whom its author took out again before proposing
it. To such a former candidate it is as unknown as to anybody else who does not take part.
"""

from typing import TYPE_CHECKING, Any

import httpx2

from skillsync_kit.ids import new_id

if TYPE_CHECKING:
    from tests.conftest import World

__all__ = ["CALLERS", "PEOPLE", "STATES", "TERMS", "Scene"]

PEOPLE = ("owner", "counterparty", "former_candidate", "stranger", "coordinator", "operator")
CALLERS = (*PEOPLE, "anonymous", "worker")
# The draft was edited once, to take the former candidate out.
TERMS = {"terms_rev": 2}
_PROPOSE, _ACCEPT = ("propose", "owner", None), ("accept", "counterparty", TERMS)
_WAYS: dict[str, tuple[tuple[str, str, Any], ...]] = {
    "draft": (),
    "proposed": (_PROPOSE,),
    "accepted": (_PROPOSE, _ACCEPT),
    # Accepted, and the owner, who only gives, has said that it took place.
    "confirmed": (_PROPOSE, _ACCEPT, ("finalize", "owner", TERMS)),
    "finalized": (_PROPOSE, _ACCEPT, ("finalize", "counterparty", TERMS)),
    "declined": (_PROPOSE, ("decline", "counterparty", None)),
    "cancelled": (_PROPOSE, ("cancel", "owner", None)),
    "expired": (("propose", "owner", {"expires_after_days": 1}),),
}
STATES = tuple(_WAYS)


class Scene:
    """An hour of guitar from `owner` to `counterparty`, in a state, and the people who may come to ask for it."""

    def __init__(self, world: "World", state: str) -> None:
        self.world = world
        self.state = state
        self.people = {caller: new_id() for caller in PEOPLE}
        self.id = ""
        self._tokens: dict[str, str] = {}

    @classmethod
    async def set(cls, world: "World", state: str) -> "Scene":
        """A new transaction among new people."""
        scene = cls(world, state)
        candidate = {"giver": scene.people["former_candidate"], "receiver": "me", "skill": "german", "minutes": 30}
        legs = {**world.gift("me", scene.people["counterparty"]), "b": candidate}
        created = await scene.ask("owner", "POST", "/v1/transactions", {"title": "Guitar", "legs": legs})
        scene.id = created.json()["id"]
        path = f"/v1/transactions/{scene.id}"
        answers = [created, await scene.ask("owner", "PATCH", path, {"legs": {"b": None}}, if_match=1)]
        for verb, by, body in _WAYS[state]:
            answers.append(await scene.ask(by, "POST", f"{path}/{verb}", body))
        assert all(answer.is_success for answer in answers), [answer.text for answer in answers]
        if state == "expired":
            world.clock.advance(days=1)
            await world.sweep()
        return scene

    def proof(self, caller: str) -> dict[str, str]:
        """The header by which `caller` proves who they are."""
        if caller == "anonymous":
            return {}
        if caller not in self._tokens:
            self._tokens[caller] = self._token(caller)
        return {"Authorization": f"Bearer {self._tokens[caller]}"}

    async def ask(self, caller: str, method: str, path: str, body: Any = None, **more: Any) -> httpx2.Response:
        """A request by one of the callers; see `World.send` for `more`."""
        headers = {**more.pop("headers", {}), **self.proof(caller)}
        return await self.world.send(method, path, None, body, headers=headers, **more)

    async def shown(self) -> dict[str, Any]:
        """The transaction as its owner sees it, with its history."""
        path, history = f"/v1/transactions/{self.id}", f"/v1/transactions/{self.id}/history?limit=100"
        whole: dict[str, Any] = (await self.ask("owner", "GET", path)).json()
        return {**whole, "history": (await self.ask("owner", "GET", history)).json()["items"]}

    def _token(self, caller: str) -> str:
        pool = self.world.pool
        if caller == "worker":
            scopes = ("transactions.read", "users.contact", "users.export", "events.read", "operations.read")
            return pool.worker_token(*(f"skillsync/{scope}" for scope in scopes))
        groups = {"cognito:groups": [caller]} if caller in ("coordinator", "operator") else {}
        return pool.token(self.people[caller], **groups)
