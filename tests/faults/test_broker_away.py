"""Promise 11: while the broker is away the API answers as ever, and the outbox drains when it is back.

Half of the time its port is closed, half of the time it stands still and answers nothing.
"""

import asyncio
import time

from skillsync_testing.proofs import Proof, figure

from .checks import Checks
from .exchanges import Finalizers, among, prepare
from .fleet import Fleet, until
from .history import History

REQUESTS_A_SECOND = 20
ANSWERED_SHARE = 0.999


@figure("seconds", check=6, prove=300)
async def test_the_api_does_not_need_the_broker(fleet: Fleet, proof: Proof, seconds: int) -> None:
    number = seconds * REQUESTS_A_SECOND
    exchanges = await prepare(fleet, among(number))
    history, checks = History(), Checks(fleet)
    clients = Finalizers(fleet, history)

    async def live() -> None:
        """Open loop: a request is sent when its moment has come, whatever became of those before."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for n in proof.rounds(number):
                await asyncio.sleep(max(0.0, began + n / REQUESTS_A_SECOND - time.monotonic()))
                group.create_task(clients.finalize(exchanges[n]))

    async def take_away() -> None:
        await asyncio.to_thread(fleet.cloud.stop)
        await asyncio.sleep(seconds / 2)
        fleet.cloud.spawn()
        await asyncio.to_thread(fleet.cloud.wait_until_ready)
        with fleet.paused(fleet.cloud.pid):
            await asyncio.sleep(seconds / 2)

    async with fleet.supervised():
        async with asyncio.TaskGroup() as group:
            group.create_task(live())
            group.create_task(take_away())
        waiting, back_at = checks.unpublished(), time.monotonic()
        assert await until(checks.is_drained, seconds=300, every=0.5), (
            f"{checks.unpublished()} unpublished, {checks.unheard()}"
        )
        drained = time.monotonic() - back_at
    await clients.close()
    outcomes = history.outcomes()
    share = outcomes["ok"] / len(history.attempts)
    seen = {
        **checks.wrong(exchanges, history.acknowledged()),
        f"answered at least {ANSWERED_SHARE:.1%}": share >= ANSWERED_SHARE or f"no: {share:.3%}",
        "restarts of ours": fleet.begun_again,
    }
    demanded = {**dict.fromkeys(seen, 0), f"answered at least {ANSWERED_SHARE:.1%}": True}
    note = f"{share:.2%} of {len(history.attempts):,} answered; {waiting:,} events waited, all left in {drained:.1f} s"
    hits = {"events that had to wait": waiting}
    proof.record("11", f"the broker away for {seconds} s", demanded, seen, note, trials=number, hits=hits)
