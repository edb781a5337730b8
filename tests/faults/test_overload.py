"""Promise 14: three times more than a process can do passes by, and leaves nothing behind.

While it lasts, whoever is refused is told so, and when to come again; afterwards all is as before.
"""

import itertools
import json
from random import Random

from skillsync_kit.ids import new_id
from skillsync_kit.testing import UserPool
from skillsync_testing.clients import Clients, ok
from skillsync_testing.deployment import Deployment
from skillsync_testing.load import Load, Request, Tally
from skillsync_testing.proofs import Proof, figure

# Of a hundred requests, so many of a kind; the last two change something.
MIX = {"read": 45, "list": 30, "create": 15, "finalize": 10}
CHANGES = ("create", "finalize")
SENDERS = 40
PAIRS, EACH = 8, 4
# Whoever waits for longer has gone by then.
GOOD_SECONDS = 1.0


class Mix:
    """Requests of people who have finalized something, at random."""

    def __init__(self, pool: UserPool, port: int, dice: Random) -> None:
        self._pool = pool
        self._port = port
        self._dice = dice
        self._finalized: list[tuple[str, str, str]] = []
        self._kinds = itertools.cycle(dice.sample([kind for kind, n in MIX.items() for _ in range(n)], 100))

    async def prepare(self, clients: Clients) -> None:
        """Let people finalize exchanges; who did it may say so again, and will be told that it is done."""

        async def finalize(_: int) -> None:
            ada, bo = new_id(), new_id()
            for _ in range(EACH):
                id = await clients.accepted(ada, bo, clients.gift(ada, bo))
                ok(await clients.act("finalize", id, bo))
                self._finalized.append((id, self._pool.token(bo), ada))

        await clients.in_lanes(range(PAIRS), finalize)

    def next(self) -> Request:
        """The next request."""
        kind = next(self._kinds)
        id, token, other = self._dice.choice(self._finalized)
        match kind:
            case "read":
                return self._request(kind, "GET", f"/{id}", token)
            case "list":
                return self._request(kind, "GET", "?limit=20", token)
            case "create":
                # The people are known to the process: the users service is not what is measured.
                return self._request(kind, "POST", "", token, Clients.exchange((other, "me", 30)))
            case _:
                return self._request(kind, "POST", f"/{id}/finalize", token, {"terms_rev": 1})

    def _request(self, kind: str, method: str, path: str, token: str, body: object = None) -> Request:
        content = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} /v1/transactions{path} HTTP/1.1", "Host: x", f"Authorization: Bearer {token}"]
        if body is not None:
            lines += [f"Idempotency-Key: {new_id()}", "Content-Type: application/json"]
            lines += [f"Content-Length: {len(content)}"]
        return Request(kind, "\r\n".join([*lines, "", ""]).encode() + content)


def as_foreseen(tally: Tally) -> bool:
    """Whether each answer is a success, or 503 that says when to come again; or none came to this client in time."""
    return all(a.is_good or not a.status or (a.status == 503 and a.has_retry_after) for a in tally.answers)


def said(tally: Tally) -> str:
    """What came of the requests, in words."""
    counted = tally.counted()
    done, refused, lost = counted[200] + counted[201], counted[503], counted[0]
    return f"{done:,} done (p99 {tally.percentile(99):.2f} s), {refused:,} refused, {lost:,} timed out"


# So many seconds each: to measure the capacity, three times the capacity, and 0.7 of it.
@figure("seconds", check=(0.5, 1.5, 0.5), prove=(10, 60, 30))
async def test_overload_passes(
    pool: UserPool, deployment: Deployment, proof: Proof, seconds: tuple[float, float, float]
) -> None:
    measuring, overload, afterwards = seconds
    process = deployment.service.apis[0]
    mix = Mix(pool, process.port, proof.random)
    clients = Clients(pool, [process.url])
    await mix.prepare(clients)
    await clients.close()
    load = Load(process.port, mix.next)

    await load.closed(SENDERS, measuring)  # The first requests of a process are slow.
    capacity = len((await load.closed(SENDERS, measuring)).answers) / measuring
    proof.say(f"  capacity: {capacity:.0f} a second")
    during = await load.open(3 * capacity, overload)
    shed = {kind: during.share(503, kind) for kind in MIX}
    proof.say(f"  3 x: {said(during)}; shed: {', '.join(f'{kind} {share:.0%}' for kind, share in shed.items())}")
    after = await load.open(0.7 * capacity, afterwards)
    began = after.answers[0].sent_at
    last = [answer for answer in after.answers if answer.sent_at - began >= afterwards * 2 / 3]
    good = sum(answer.is_good and answer.seconds <= GOOD_SECONDS for answer in last) / max(len(last), 1)
    proof.say(f"  0.7 x: {said(after)}; good in the last third: {good:.1%}")

    demanded = {"answers as foreseen": True, "changes shed less than lists": True}
    seen = {
        "answers as foreseen": as_foreseen(during) and as_foreseen(after),
        "changes shed less than lists": max(shed[kind] for kind in CHANGES) <= shed["list"],
    }
    # What a small figure has to share the machine with says more of the machine than of the service.
    hits = None
    if overload > 30:
        demanded[f"good answers within {GOOD_SECONDS:.0f} s >= 90 %"] = True
        seen[f"good answers within {GOOD_SECONDS:.0f} s >= 90 %"] = good >= 0.9
        hits = {"refusal": during.counted()[503]}
    proof.record(
        "14",
        f"3 x capacity for {overload:g} s, then 0.7 x",
        demanded,
        seen,
        f"capacity {capacity:.0f} a second; meanwhile {said(during)}, of changes shed "
        f"{during.share(503, *CHANGES):.0%}, of lists {shed['list']:.0%}; afterwards good {good:.1%}",
        hits=hits,
    )
