"""SkillSync as the play sees it: a fake of its API that keeps states, a pool that gives tokens, a tide that is out."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from skillsync.local.clock import Hand
from skillsync.seed.api import Api, Member, Signing
from skillsync.seed.plan import Plan
from skillsync.seed.play import Play

START = datetime(2020, 1, 6, tzinfo=UTC)


class FakeSigning(Signing):
    """Everybody may in; each sign-in gives another token."""

    def __init__(self) -> None:
        self.signed_up: list[str] = []
        self.coordinators: list[str] = []
        self.tokens = 0

    async def up(self, email: str, *, is_coordinator: bool) -> Member:
        self.signed_up.append(email)
        self.coordinators += [email] if is_coordinator else []
        member = Member(email, "")
        await self.again(member)
        return member

    async def again(self, member: Member) -> None:
        self.tokens += 1
        member.token = f"{member.email} {self.tokens}"


class FakeTide:
    """Nothing is ever under way. `settled` is when it was asked."""

    def __init__(self) -> None:
        self.settled = 0

    async def settle(self) -> None:
        self.settled += 1

    async def still(self) -> int:
        return 3


class FakeSkillSync:
    """Takes every request, unless `refuse` answers it. `asked` is (email, method, path, key, body), in order."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str, str, Any]] = []
        self.refuse: Callable[[httpx2.Request], httpx2.Response | None] = lambda request: None
        self.switches: dict[str, Any] = {"account": {"inbox": True, "mail": True}}
        self.transactions: dict[str, dict[str, Any]] = {}
        self._agreed: dict[str, set[str]] = {}

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        email = request.headers["authorization"].removeprefix("Bearer ").partition(" ")[0]
        body = json.loads(request.content) if request.content else None
        path, key = request.url.path, request.headers.get("idempotency-key", "")
        self.asked.append((email, request.method, path, key, body))
        return self.refuse(request) or self._answer(email, request.method, path, body)

    def paths(self) -> Counter[tuple[str, str]]:
        """How often each was asked for, ids left out."""
        found = ((method, path.split("/")[2], path.rpartition("/")[2]) for _, method, path, _, _ in self.asked)
        return Counter((method, f"{first}/{last}") for method, first, last in found)

    def _answer(self, email: str, method: str, path: str, body: Any) -> httpx2.Response:
        match method, path.split("/")[2:]:
            case "POST", ["users" | "offerings"]:
                return httpx2.Response(201, json={"id": email})
            case "GET", ["notifications", "preferences"]:
                return httpx2.Response(200, json=self.switches)
            case "PUT", ["notifications", "preferences"]:
                return httpx2.Response(200, json=body)
            case "POST", ["transactions"]:
                return self._draft(email, body)
            case _, ["transactions", id, *verb]:
                return self._change(email, self.transactions[id], verb[0] if verb else "revise", body)
        return httpx2.Response(404, json={})

    def _draft(self, email: str, body: Any) -> httpx2.Response:
        id = f"t{len(self.transactions)}"
        for leg in body["legs"].values():
            leg.update({part: email for part in ("giver", "receiver") if leg[part] == "me"})
        shown = {"id": id, "state": "draft", "version": 1, "terms_rev": 1, "legs": body["legs"]}
        self.transactions[id] = shown
        return httpx2.Response(201, json=shown)

    def _change(self, email: str, shown: dict[str, Any], verb: str, body: Any) -> httpx2.Response:
        people = {leg[part] for leg in shown["legs"].values() for part in ("giver", "receiver")}
        receivers = {leg["receiver"] for leg in shown["legs"].values()}
        agreed = self._agreed.setdefault(f"{shown['id']} {shown['state']}", set())
        agreed.add(email)
        if verb == "revise" and body is None:  # a look: time has done what it does
            shown["state"] = {"proposed": "expired"}.get(shown["state"], "finalized")
        elif verb == "revise":
            shown["terms_rev"] += 1
            agreed.intersection_update({email})
            shown["legs"]["leg-0"] |= body["legs"]["leg-0"]
        elif verb in ("propose", "decline", "cancel"):
            shown["state"] = {"propose": "proposed", "decline": "declined", "cancel": "cancelled"}[verb]
            self._agreed[f"{shown['id']} proposed"] = {email}
        else:
            assert body == {"terms_rev": shown["terms_rev"]}
            if verb == "accept" and agreed == people:
                shown["state"] = "accepted"
            elif verb == "finalize" and (receivers <= agreed or (len(people) == 2 and email in receivers)):
                shown["state"] = "finalized"
        shown["version"] += 1
        return httpx2.Response(200, json=shown)


class Stage:
    """Everything a play needs. `dates` is what it told of."""

    def __init__(self, directory: Path) -> None:
        self.skillsync, self.signing, self.tide = FakeSkillSync(), FakeSigning(), FakeTide()
        self.dates: list[datetime] = []
        self.hand = Hand(directory / "clock")
        http = httpx2.AsyncClient(transport=httpx2.MockTransport(self.skillsync), base_url="http://skillsync.example")
        self.api = Api(http, self.signing, lanes=4)

    def play(self, plan: Plan) -> Play:
        return Play(plan, START, api=self.api, hand=self.hand, tide=self.tide, told=self.dates.append)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)
