"""The plan played: moment after moment, each person's acts through the API, while the clock goes through the year."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from skillsync.errors import Problem
from skillsync.local.clock import Hand
from skillsync.seed import words
from skillsync.seed.api import Api, Member
from skillsync.seed.people import READERS
from skillsync.seed.plan import MINUTES_A_DAY, OPEN, Act, Exchange, Person, Plan, State, Verb
from skillsync.seed.tally import Tally
from skillsync.seed.tide import Tide

if TYPE_CHECKING:
    import httpx2

PREFERENCES = "/v1/notifications/preferences"
REQUIRED_TOPIC = "account"
# The sweeper comes round every few seconds, and ends a hundred transactions in a turn.
SWEEP_SECONDS = 120.0
POLL_SECONDS = 0.2


@dataclass(slots=True)
class Standing:
    """An exchange as the last answer showed it."""

    id: str
    state: State
    version: int
    terms_rev: int
    has_failed: bool = False


class Play:
    """Call `run` once. `told` is called after each moment with its date."""

    def __init__(
        self, plan: Plan, start: datetime, *, api: Api, hand: Hand, tide: Tide, told: Callable[[datetime], None]
    ) -> None:
        """`start` is the first midnight; the plan's end is not in the future."""
        self._plan = plan
        self._start = start
        self._api = api
        self._hand = hand
        self._tide = tide
        self._told = told
        self._members: dict[int, Member] = {}
        self._standings: dict[int, Standing] = {}
        self._switches: dict[str, Any] | None = None
        self.tally = Tally()

    async def run(self) -> int:
        """Play it all; how many messages are still under way at the end. Raises Problem."""
        joins: defaultdict[int, list[Person]] = defaultdict(list)
        acts: defaultdict[int, list[tuple[Exchange, Act]]] = defaultdict(list)
        for person in self._plan.people:
            joins[person.joins_at].append(person)
        for exchange in self._plan.exchanges:
            for act in exchange.acts:
                acts[act.at].append((exchange, act))
        # What is under way would arrive in another year.
        await self._tide.settle()
        week = 0
        for at in self._plan.moments():
            if at // (7 * MINUTES_A_DAY) > week:
                week = at // (7 * MINUTES_A_DAY)
                await self._tide.settle()
            self._hand.move(self._date(at))
            await _together([self._join(person) for person in joins[at]])
            await _together([self._act(exchange, act) for exchange, act in acts[at]])
            self._told(self._date(at))
        self._hand.move(self._date(self._plan.end))
        await self._see_time_act()
        self._told(self._date(self._plan.end))
        return await self._tide.still()

    def _date(self, at: int) -> datetime:
        return self._start + timedelta(minutes=at)

    def _key(self, *parts: object) -> str:
        """The same for the same part of the plan: a repetition does nothing twice."""
        return "-".join(str(part) for part in ("seed", self._plan.seed, *parts))

    # --- people ---

    async def _join(self, person: Person) -> None:
        """Sign-up, profile, offerings."""
        member = await self._api.join(person.email, is_coordinator=person.is_coordinator)
        profile = {
            "first_name": person.first_name,
            "last_name": person.last_name,
            "display_name": f"{person.first_name} {person.last_name}",
            "about": person.about,
            "locale": person.locale,
            "time_zone": person.time_zone,
        }
        made = await self._api.post(member, "/v1/users", profile, self._key("profile", person.number))
        if made.status_code == 409:
            raise Problem(f"The database knows {person.email} from an older user pool: take another --seed.")
        member.id = _body(made, 201)["id"]
        self._members[person.number] = member
        self.tally.people += 1
        if person.number >= len(READERS):
            await self._want_no_mail(member)
        for number, offering in enumerate(person.offerings):
            body = {
                "kind": offering.kind,
                "skill": offering.skill.slug,
                "text": offering.text,
                "modality": offering.modality,
            }
            _body(
                await self._api.post(member, "/v1/offerings", body, self._key("offering", person.number, number)), 201
            )
            self.tally.offerings += 1

    async def _want_no_mail(self, member: Member) -> None:
        """Switch off the mail that can be: nobody reads it, and it takes its time."""
        if self._switches is None:
            switches = _body(await self._api.get(member, PREFERENCES), 200)
            self._switches = {
                topic: {**channels, "mail": channels["mail"] and topic == REQUIRED_TOPIC}
                for topic, channels in switches.items()
            }
        _body(await self._api.put(member, PREFERENCES, self._switches), 200)

    # --- exchanges ---

    async def _act(self, exchange: Exchange, act: Act) -> None:
        """One act; nothing when the exchange has failed before. A refusal is counted, and is part of life."""
        if act.verb is Verb.PROPOSE:
            await self._propose(exchange)
            return
        standing = self._standings.get(exchange.number)
        if standing is None or standing.has_failed:
            return
        answer = await self._ask(exchange, standing, act)
        if answer.status_code == 200:
            self._see(exchange, answer.json())
            return
        standing.has_failed = True
        self._refused(answer)
        if standing.state is State.PROPOSED and act.verb is Verb.ACCEPT:
            # It will not come about: its author takes it back.
            path, key = f"/v1/transactions/{standing.id}/cancel", self._key("withdraw", exchange.number)
            taken_back = await self._api.post(self._members[exchange.author], path, {}, key)
            self._see(exchange, _body(taken_back, 200))

    async def _propose(self, exchange: Exchange) -> None:
        author = self._members[exchange.author]
        ids = {number: self._members[number].id for number in exchange.participants} | {exchange.author: "me"}
        draft: dict[str, Any] = {
            "title": exchange.title,
            "settlement": exchange.settlement,
            "legs": {
                f"leg-{number}": {
                    "giver": ids[leg.giver],
                    "receiver": ids[leg.receiver],
                    "skill": leg.skill.slug,
                    "minutes": leg.minutes,
                }
                for number, leg in enumerate(exchange.legs)
            },
        }
        if exchange.note:
            draft["note"] = exchange.note
        if exchange.scheduled_for is not None:
            draft["scheduled_for"] = self._date(exchange.scheduled_for).isoformat()
        drafted = await self._api.post(author, "/v1/transactions", draft, self._key("draft", exchange.number))
        if drafted.status_code != 201:
            self._refused(drafted)
            return
        path = f"/v1/transactions/{drafted.json()['id']}/propose"
        days = {"expires_after_days": exchange.days_open}
        proposed = await self._api.post(author, path, days, self._key("propose", exchange.number))
        if proposed.status_code == 200:
            self._see(exchange, proposed.json())
        else:
            self._refused(proposed)

    async def _ask(self, exchange: Exchange, standing: Standing, act: Act) -> "httpx2.Response":
        by, path = self._members[act.by], f"/v1/transactions/{standing.id}"
        if act.verb is Verb.REVISE:
            offer = {"legs": {"leg-0": {"minutes": act.minutes}}}
            answer = await self._api.patch(by, path, offer, standing.version)
            # A repeated one finds its own work done, if it was the answer that got lost.
            return await self._api.get(by, path) if answer.status_code == 412 else answer
        body: dict[str, Any] = {}
        if act.verb in (Verb.ACCEPT, Verb.FINALIZE):
            body["terms_rev"] = standing.terms_rev
        if act.verb in (Verb.DECLINE, Verb.CANCEL):
            body["reason"] = words.reason(exchange.number, self._plan.people[act.by].locale)
        key = self._key(act.verb, exchange.number, act.by)
        return await self._api.post(by, f"{path}/{act.verb}", body, key)

    def _see(self, exchange: Exchange, shown: dict[str, Any]) -> None:
        """Remember where the exchange stands."""
        before = self._standings.get(exchange.number)
        after = Standing(shown["id"], State(shown["state"]), shown["version"], shown["terms_rev"])
        after.has_failed = before.has_failed if before else False
        self._standings[exchange.number] = after
        self.tally.move(before.state if before else None, after.state)
        if after.state is State.FINALIZED and exchange.settlement == "hours":
            self.tally.minutes += sum(leg["minutes"] for leg in shown["legs"].values())

    def _refused(self, answer: "httpx2.Response") -> None:
        """Count it. Raises Problem on what is a mistake of ours or of the system's, and no refusal."""
        if answer.status_code not in (403, 409, 422):
            _body(answer, 409)
        self.tally.refusals[str(answer.json().get("code", answer.status_code))] += 1

    # --- time ---

    async def _see_time_act(self) -> None:
        """Wait until the sweeper has ended all that time ends, so that it is dated in the plan's year."""
        due = [self._see_end(exchange) for exchange in self._plan.exchanges if exchange.ends_at is not None]
        try:
            async with asyncio.timeout(SWEEP_SECONDS):
                await _together(due)
        except TimeoutError:
            raise Problem(
                f"Time has not ended all that is due within {SWEEP_SECONDS:.0f} s: see `skillsync logs transactions`."
            ) from None

    async def _see_end(self, exchange: Exchange) -> None:
        standing = self._standings.get(exchange.number)
        if standing is None or standing.has_failed:
            return
        while True:
            answer = await self._api.get(self._members[exchange.author], f"/v1/transactions/{standing.id}")
            shown = _body(answer, 200)
            if State(shown["state"]) not in OPEN:
                self._see(exchange, shown)
                return
            await asyncio.sleep(POLL_SECONDS)


async def _together(doing: list[Coroutine[Any, Any, None]]) -> None:
    """All at once; the first that raises ends the others, and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for one in doing:
                group.create_task(one)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


def _body(answer: "httpx2.Response", expected: int) -> dict[str, Any]:
    """The body of an answer with the expected status. Raises Problem for any other."""
    if answer.status_code != expected:
        asked = f"{answer.request.method} {answer.request.url.path}"
        raise Problem(f"{asked} answered {answer.status_code} {' '.join(answer.text.split())[:300]}")
    body: dict[str, Any] = answer.json()
    return body
