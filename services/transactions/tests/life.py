"""Everything that people, time, events and the relay make the service do, so that it sends each of its statements."""

from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import httpx2

from skillsync_kit.events import UnreadableEvent
from skillsync_kit.failed_messages import FailedMessages
from skillsync_kit.failures import record_failure
from skillsync_kit.ids import new_id
from skillsync_kit.outbox import Outbox
from skillsync_kit.pagination import write_cursor
from skillsync_kit.relay import Message, Relay
from skillsync_testing.watching import Watch
from skillsync_transactions import tables
from skillsync_transactions.repository import FarewellRepository

if TYPE_CHECKING:
    from tests.conftest import World

__all__ = ["Life"]


class HalfDeafBroker:
    """A publisher that takes every other message."""

    async def publish(self, messages: Sequence[Message]) -> dict[str, str]:
        """See relay.Publisher."""
        return {message.id: "refused" for message in messages[::2]}


class Life:
    """What one does with another, and what becomes of it, each step watched under its name."""

    def __init__(self, world: "World", watch: Watch, ada: str, bo: str) -> None:
        self.world, self.watch, self.ada, self.bo = world, watch, ada, bo
        self.gift = world.gift(ada, bo, 330)

    async def live(self) -> None:
        """All of it."""
        await self.agree()
        await self.part()
        await self.take_back()
        await self.read(await self.exchange())
        await self.hand_out()
        await self.repeat()
        await self.pass_time()
        await self.hear()
        await self.let_go()
        await self.fail_to_hear()
        await self.publish()

    async def agree(self) -> None:
        """From a draft to what is accepted, amended, accepted again, and called off."""
        act, patch, ada, bo = self.world.act, self.world.patch, self.ada, self.bo
        id = (await self.do("create", self.world.create(ada, {"legs": self.gift}))).json()["id"]
        await self.do("edit", patch(id, ada, {"title": "Guitar", "legs": {"a": {"receiver": new_id()}}}, 1))
        await self.do("edit", patch(id, ada, {"legs": {"a": {"receiver": bo}}}, 2))
        await self.do("propose", act("propose", id, ada))
        await self.do("edit", patch(id, bo, {"note": "On Sundays"}, 4))
        await self.do("revise", patch(id, bo, {"legs": {"a": {"minutes": 345}}}, 5))
        await self.do("accept", act("accept", id, ada, 4))
        await self.do("amend", patch(id, ada, {"legs": {"a": {"minutes": 360}}}, 7))
        await self.do("accept", act("accept", id, bo, 5))
        await self.do("cancel", act("cancel", id, bo, body={"reason": "Ill"}))

    async def part(self) -> None:
        """A draft that is thrown away, and a proposal that is declined."""
        id = await self.world.drafted(self.ada, self.bo)
        await self.do("delete", self.world.send("DELETE", f"/v1/transactions/{id}", self.ada, if_match=1))
        id = await self.world.proposed(self.ada, self.bo)
        await self.do("decline", self.world.act("decline", id, self.bo, body={"reason": "No time"}))

    async def exchange(self) -> str:
        """The id of what both say took place."""
        id = await self.world.accepted(self.ada, self.bo, settlement="hours", legs=self.gift)
        await self.do("finalize", self.world.act("finalize", id, self.ada, 1))
        await self.do("finalize", self.world.act("finalize", id, self.bo, 1))
        return id

    async def take_back(self) -> None:
        """An exchange that is undone."""
        id = await self.exchange()
        answer = await self.do("reverse", self.world.act("reverse", id, self.bo, body={"reason": "Twice"}))
        await self.do("accept", self.world.act("accept", answer.json()["id"], self.ada, 1))
        await self.do("finalize", self.world.act("finalize", answer.json()["id"], self.ada, 1))

    async def read(self, id: str) -> None:
        """One transaction, its history, and the balance."""
        await self.do("get", self.world.get(f"/{id}", self.bo))
        await self.do("history", self.world.get(f"/{id}/history", self.bo))
        worker = {"Authorization": f"Bearer {self.world.pool.worker_token('skillsync/operations.read')}"}
        await self.do("books", self.world.send("GET", "/internal/books?limit=100", None, headers=worker))
        for path in (f"trails/{id}", f"processed-messages?event={new_id()}&event={new_id()}"):
            await self.do("trail", self.world.send("GET", f"/internal/{path}", None, headers=worker))
        reads = {"Authorization": f"Bearer {self.world.pool.worker_token('skillsync/transactions.read')}"}
        path = f"/internal/statements/{self.ada}?since=2030-01-01T00:00:00Z"
        await self.do("statement", self.world.send("GET", path, None, headers=reads))
        await self.do("balance", self.world.send("GET", "/v1/ledger/balance", self.bo))

    async def hand_out(self) -> None:
        """The first two pages of each part of what is known of a person."""
        worker = {"Authorization": f"Bearer {self.world.pool.worker_token('skillsync/users.export')}"}
        for part in ("transactions", "history", "ledger", "balance"):
            cursor = write_cursor((part, "", "0"), {"user": self.ada})
            for _ in range(2):
                path = f"/internal/exports/{self.ada}?{urlencode({'cursor': cursor})}"
                page = (await self.do(part, self.world.send("GET", path, None, headers=worker))).json()
                cursor = page["next"] or cursor
                assert page["items"], part

    async def repeat(self) -> None:
        """A request that is repeated at once, after the people in it are gone, and when its record is past its time."""
        key = new_id()
        for operation in ("create", "repeat"):
            await self.do(operation, self.world.create(self.ada, {"legs": self.gift}, key=key))
        self.world.people.unknown.add(self.bo)
        await self.do("repeat", self.world.create(self.ada, {"legs": self.gift}, key=key))
        self.world.people.unknown.clear()
        self.world.clock.advance(hours=25)
        await self.do("repeat later", self.world.create(self.ada, {"legs": self.gift}, key=key))

    async def pass_time(self) -> None:
        """What is due is ended, and old records are forgotten."""
        for operation in ("sweep", "sweep on"):
            with self.watch.during(operation):
                assert await self.world.sweeper.turn() == 100
        with self.watch.during("forget"):
            assert await self.world.idempotency.forget_old(self.world.database) == 500

    async def hear(self) -> None:
        """A user who was not heard of, and news of one who was."""
        for user, sequence, status in ((self.ada, 1, "suspended"), (self.bo, 2, "suspended"), (self.bo, 3, "active")):
            with self.watch.during("hear"):
                await self.world.tell(user, status, sequence)

    async def let_go(self) -> None:
        """Somebody is erased, and the loop that lets them go looks for them."""
        gone = new_id()
        with self.watch.during("erase"):
            await self.world.tell(gone, "erased", 1, "erased")
            assert [found.user_id for found in await self.world.erasures.open(20)] == [gone]

    async def be_let_go(self) -> None:
        """A third one is erased: their own transactions, and another's draft that names them, are found and left."""
        gone, bo = new_id(), self.bo
        await self.world.tell(gone, "active", 1, "created")
        await self.world.finalized(gone, bo)
        for author, other in ((gone, bo), (bo, gone)):
            await self.world.proposed(author, other)
            await self.world.drafted(author, other)
        with self.watch.during("erase"):
            await self.world.tell(gone, "erased", 2, "erased")
            assert gone in [found.user_id for found in await self.world.erasures.open(20)]
        pages = FarewellRepository()
        async with self.world.database.read() as connection:
            with self.watch.during("walk"):
                assert len(await pages.naming(connection, gone, after="", limit=100)) == 5
            after = ""
            for _ in range(2):
                with self.watch.during("theirs"):
                    found = await pages.of_person(connection, self.ada, after=after, limit=100)
                assert len(found) == 100
                after = found[-1]
        self.world.clock.advance(seconds=11)
        with self.watch.during("let go"):
            await self.world.farewell.turn()
        headers = {"Authorization": f"Bearer {self.world.pool.worker_token('skillsync/users.erase')}"}
        path = f"/internal/erasures/{gone}"
        await self.do("acknowledge", self.world.send("GET", path, None, headers=headers))

    async def fail_to_hear(self) -> None:
        """A message that cannot be read, twice; and somebody who asks why."""
        failed, database = FailedMessages(tables.failed_messages, self.world.clock), self.world.database
        about = {"consumer": "transactions", "message_id": new_id(), "body": "no event"}
        with self.watch.during("fail"):
            for receives in (1, 2):
                await record_failure(failed, database, UnreadableEvent("no JSON"), receives=receives, **about)
        with self.watch.during("ask why"):
            async with database.read() as connection:
                asked = [about["message_id"], *(new_id() for _ in range(99))]
                assert [found.receives for found in await failed.find(connection, asked)] == [2]

    async def publish(self) -> None:
        """A batch of events goes out; half of it does not get through."""
        relay = Relay(self.world.database, Outbox(tables.outbox, self.world.clock), HalfDeafBroker(), self.world.clock)
        with self.watch.during("publish"):
            assert await relay.publish_pending() == 50

    async def do(self, operation: str, request: Awaitable[httpx2.Response]) -> httpx2.Response:
        """A request that succeeds."""
        with self.watch.during(operation):
            answer = await request
        assert answer.is_success, (operation, answer.text)
        return answer
