"""Promise 17: a crash between SES's answer and our record repeats one mail at most, loses none, and is counted."""

import asyncio
from collections import Counter

import httpx2

from skillsync_kit.ids import new_id
from skillsync_testing.proofs import Proof, figure

from .checks import Checks
from .exchanges import Finalizers, prepare
from .fleet import SENDER, Fleet, until
from .history import History

MAILS_EACH = 6


@figure("crashes", check=1, prove=20)
async def test_a_crash_repeats_one_mail_at_most(fleet: Fleet, proof: Proof, crashes: int) -> None:
    # Each of these people gets one receipt, and nothing else, ever.
    exchanges = await prepare(fleet, [(new_id(), new_id()) for _ in range(crashes * MAILS_EACH // 2)])
    people = {who for _, *both in exchanges for who in both}
    fleet.neighbours.reachable.update(people)
    # The local mail system keeps what other tests sent.
    before, history, checks = _received(fleet), History(), Checks(fleet)
    clients, notifications, struck = Finalizers(fleet, history), fleet.processes["notifications"], 0
    async with fleet.supervised():
        for number in proof.rounds(crashes):
            notifications.arm("after-send")
            some = exchanges[number * MAILS_EACH // 2 : (number + 1) * MAILS_EACH // 2]
            await asyncio.gather(*map(clients.finalize, some))
            assert await until(lambda: not notifications.is_armed("after-send")), "the crash never came"
            struck += 1
            await fleet.back("notifications")
        assert await until(lambda: checks.is_drained() and not checks.unsent(), every=0.2)
    await clients.close()
    got = _received(fleet) - before
    extra = sum(got[who] - 1 for who in people if got[who])
    counted = checks.possibly_repeated()
    seen = {
        "mails that nobody got": sum(not got[who] for who in people),
        "mails repeated beyond one for each crash": max(0, extra - struck),
        "mails repeated and not counted": max(0, extra - counted),
        "mails to others": sum(got.values()) - sum(got[who] for who in people),
    }
    note = f"{len(people)} mails, {extra} of them twice after {struck} crashes, {counted} counted as possibly repeated"
    demanded = dict.fromkeys(seen, 0)
    proof.record("17", "a kill after SES's answer", demanded, seen, note, trials=struck, hits={"after-send": struck})


def _received(fleet: Fleet) -> Counter[str]:
    """How many mails SES took for each person."""
    answer = httpx2.get(f"{fleet.cloud.endpoint_url}/_ministack/ses/messages", trust_env=False).json()
    sent = [mail for account in answer["messages"].values() for mail in account if mail["Source"] == SENDER]
    return Counter(address.partition("@")[0] for mail in sent for address in mail["To"])
