"""Promise 10: kill -9 of the database loses nothing that was acknowledged, and the pools heal by themselves."""

import asyncio
import time
from functools import partial

from skillsync_testing.proofs import Proof, figure

from .checks import Checks
from .exchanges import Finalizers, among, prepare
from .fleet import Fleet, until
from .history import History

LANES = 6
HEALED_SECONDS = 5
PAUSE_SECONDS = 1.0


@figure("kills", check=1, prove=30)
async def test_no_acknowledged_write_is_lost_with_the_database(fleet: Fleet, proof: Proof, kills: int) -> None:
    exchanges = await prepare(fleet, among(500 + 600 * kills))
    history, checks, is_over = History(), Checks(fleet), asyncio.Event()
    clients, waiting, heals = Finalizers(fleet, history), iter(exchanges), list[float]()

    async def live() -> None:
        while not is_over.is_set() and (exchange := next(waiting, None)):
            await clients.finalize(exchange)

    def are_healed(since: float) -> bool:
        """Whether each process has done something that was asked of it since."""
        done = {one.at for one in history.attempts[-300:] if one.outcome == "ok" and one.invoked_at > since}
        return done == {api.url for api in fleet.apis}

    async def kill() -> None:
        for _ in proof.rounds(kills):
            await asyncio.sleep(PAUSE_SECONDS * proof.random.uniform(0.5, 1.5))
            await fleet.restart("database", cleanly=False)
            back_at = time.monotonic()
            assert await until(partial(are_healed, back_at), seconds=60), "the pools do not heal"
            heals.append(time.monotonic() - back_at)
        is_over.set()

    async with fleet.supervised():
        async with asyncio.TaskGroup() as group:
            for _ in range(LANES):
                group.create_task(live())
            group.create_task(kill())
        assert await until(checks.is_drained, every=0.5)
    await clients.close()
    acknowledged = history.acknowledged()
    seen = {
        **checks.wrong(exchanges, acknowledged),
        "attempts without an end": history.hanging(),
        "restarts of ours": fleet.begun_again,
    }
    if kills > 1:
        # One kill on a busy machine says little of how long they take.
        seen[f"heals of more than {HEALED_SECONDS} s"] = sum(seconds > HEALED_SECONDS for seconds in heals)
    demanded = dict.fromkeys(seen, 0)
    note = f"{len(acknowledged):,} acknowledged; healed after {max(heals):.1f} s at most"
    proof.record("10", "kill -9 of the database", demanded, seen, note, trials=kills, hits={"kills": len(heals)})
