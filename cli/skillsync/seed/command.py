"""`skillsync seed`: a community plays a year in some minutes, in the running local system, which is let through it."""

import asyncio
import signal
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from rich.console import Console

from skillsync.errors import Problem
from skillsync.local.clock import Hand, move_back
from skillsync.local.jobs import read_environment
from skillsync.local.pool import Pool
from skillsync.local.provision import ENVIRONMENT
from skillsync.local.run import Lock
from skillsync.local.state import Status
from skillsync.paths import SERVICES, Paths
from skillsync.seed.api import TIMEOUT_SECONDS, Api, Member, Pace, Signing
from skillsync.seed.community import plan_community
from skillsync.seed.people import READERS, address
from skillsync.seed.plan import Plan, Skill
from skillsync.seed.play import Play
from skillsync.seed.report import Totals, Watching, show, totals, write_json
from skillsync.seed.tide import RealTide
from skillsync.views.session import client, require_running

if TYPE_CHECKING:
    import httpx2

LANES = 16
BOUNDS = {"people": (len(READERS), 5000), "weeks": (1, 104), "seed": (0, 999_999)}


def seed(paths: Paths, *, people: int, weeks: int, seed_number: int, as_json: bool) -> None:
    """Returns when all is played and told. Raises Problem; the clock then shows the real time again."""
    for name, value in (("people", people), ("weeks", weeks), ("seed", seed_number)):
        require_bounds(name, value)
    status = require_running(paths)
    require_local(paths, status)
    lock = Lock(paths.seed_lock_file)
    if not lock.take():
        lock.release()
        raise Problem("Another `skillsync seed` plays here: wait for its end, or stop it by Ctrl-C.")
    console = Console(stderr=as_json)
    try:
        # What one that was killed has left: else it would be the year before last.
        move_back(paths.clock_file)
        result = asyncio.run(_Seeding(paths, status, console).play(people, weeks, seed_number))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        lock.release()
    if as_json:
        write_json(result)
    else:
        show(console, result)


def require_bounds(name: str, value: int) -> None:
    """Raises Problem that names the option."""
    least, most = BOUNDS[name]
    if not least <= value <= most:
        raise Problem(f"--{name} {value}: give a number from {least} to {most}.")


def require_local(paths: Paths, status: Status) -> None:
    """Raises Problem unless this is a ready, local system with a clock that can be moved."""
    if status["state"] != "ready":
        raise Problem(f"SkillSync is {status['state']}: wait until `skillsync status` says ready.")
    for service in SERVICES:
        environment = read_environment(paths, service)
        if environment.get("SKILLSYNC_ENVIRONMENT") != ENVIRONMENT:
            raise Problem(f"{service} is not of the local environment: invented people belong nowhere else.")
        if environment.get("SKILLSYNC_CLOCK_FILE") != str(paths.clock_file):
            raise Problem(f"{service} has no clock that can be moved: `skillsync down`, then `make up`.")


class _Seeding:
    """One run of the command."""

    def __init__(self, paths: Paths, status: Status, console: Console) -> None:
        self._paths = paths
        self._status = status
        self._console = console
        cognito = client(status, "cognito-idp")
        self._signing = Signing(
            Pool(cognito, status["client_id"]),
            cognito,
            endpoint=status["aws_endpoint"],
            pool_id=status["user_pool_id"],
        )

    async def play(self, people: int, weeks: int, seed_number: int) -> Totals:
        import httpx2  # noqa: PLC0415

        _end_at_signals()
        self._require_new(seed_number)
        limits = httpx2.Limits(max_connections=LANES, max_keepalive_connections=LANES)
        base_url = self._status["web"]
        async with httpx2.AsyncClient(
            base_url=base_url, timeout=TIMEOUT_SECONDS, trust_env=False, limits=limits
        ) as http:
            plan = plan_community(seed_number, people, weeks, await self._skills(http))
            return await self._play(plan, Api(http, self._signing, LANES))

    async def _play(self, plan: Plan, api: Api) -> Totals:
        start = first_midnight(datetime.now(UTC), plan.weeks)
        hand, pace = Hand(self._paths.clock_file), Pace(api)
        watching = Watching(self._console, plan, start)
        tide = RealTide(self._paths, self._status, client(self._status, "sqs"))
        play = Play(
            plan,
            start,
            api=api,
            hand=hand,
            tide=tide,
            told=lambda date: watching.tell(date, play.tally, pace),
        )
        try:
            with watching.watched():
                left = await play.run()
        finally:
            hand.let_go()
        return totals(plan, start, play.tally, pace, requests=api.requests, left=left)

    async def _skills(self, http: "httpx2.AsyncClient") -> list[Skill]:
        """The catalogue, as a demo person sees it."""
        email = next((person["email"] for person in self._status["people"]), "")
        viewer = Member(email, "")
        await self._signing.again(viewer)
        answer = await Api(http, self._signing, 1).get(viewer, "/v1/skills")
        if answer.status_code != 200:
            raise Problem(f"GET /v1/skills answered {answer.status_code}: see `skillsync logs users`.")
        return [Skill(skill["slug"], skill["name"]) for skill in answer.json()["items"]]

    def _require_new(self, seed_number: int) -> None:
        if self._signing.is_known(address("", "", 0, seed_number)):
            raise Problem(
                f"A community of seed {seed_number} is here already, whole or in part: take another --seed to add one "
                f"beside it; or begin afresh: `skillsync down`, delete {self._paths.state}, `make up`."
            )


def first_midnight(now: datetime, weeks: int) -> datetime:
    """The one from which so many weeks end with the last midnight: all of the plan lies in the past."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(weeks=weeks)


def _end_at_signals() -> None:
    """SIGTERM and SIGHUP end it as Ctrl-C does: everything is put back first."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, task.cancel)
