"""What MariaDB makes of each list and of matching, over a thousand members with five offerings each.

Every step finds its rows by an index, in the order that is needed, and a page reads about what it shows.
"""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from itertools import product
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import Connection, Engine, event

from skillsync_kit import migrations
from skillsync_kit.ids import new_id
from skillsync_kit.testing import UserPool
from skillsync_testing import watching
from skillsync_testing.mariadb import MariaDB
from skillsync_testing.proofs import Proof

if TYPE_CHECKING:
    from tests.conftest import World

MEMBERS = 1000
PROPOSER = "01900000-0000-7000-8000-000000000001"
_BY_INDEX = {"const", "eq_ref", "ref", "range", "index"}
_READS = ("first", "key", "last", "next", "prev", "rnd", "rnd_next")
_NAMES = ", ".join(f"'Handler_read_{name}'" for name in _READS)
_COUNTERS = f"SHOW SESSION STATUS WHERE Variable_name IN ({_NAMES})"
EXPORTS = ("exports", "export_files")
SKILLS = ["guitar", "german", "sewing", "chess", "yoga"]
FILTERS = [
    {name: value for name, value in zip(("kind", "skill", "modality"), given, strict=True) if value}
    for given in product(("offer", None), ("guitar", None), ("remote", None))
]


TRANSACTIONS = 100_000
# As many different partners as a busy member has.
PARTNERS = 200
ID = "CONCAT(LPAD(HEX({0}), 8, '0'), '-0000-4000-8000-', LPAD(HEX({0}), 12, '0'))"
ONE = "00000001-0000-4000-8000-000000000001"
LISTS = [
    *(f"{path}?{urlencode(filters)}" for path in ("/v1/offerings", "/v1/users") for filters in FILTERS),
    "/v1/offerings?q=guitar",
    "/v1/offerings?owner=me",
    f"/v1/offerings?owner={ONE}&kind=offer",
    "/v1/users?q=a",
    f"/v1/users?id={ONE}&id=00000002-0000-4000-8000-000000000002",
    "/v1/users?status=suspended",
    "/v1/users/me",
    f"/v1/users/{ONE}",
    f"/v1/users/{ONE}/stats",
    "/v1/matches?kind=direct",
    "/v1/skills",
    "/v1/skills/proposals",
    "/v1/skills/proposals?status=open",
]
# What operators page through, and the scope for it.
OF_OPERATORS = (
    ("/internal/events?limit=500", "events.read"),
    (f"/internal/events?limit=500&after={ONE}", "events.read"),
    ("/internal/outbox", "operations.read"),
    ("/internal/failed-messages?id=a", "operations.read"),
)


class Watch:
    """The plan of each SELECT that is sent while one watches, and how many entries and rows were read."""

    def __init__(self) -> None:
        self.plans: list[dict[str, Any]] = []
        self.statements = 0
        self.reads = self._before = 0

    @contextmanager
    def on(self) -> Iterator[None]:
        """Watch all engines of this process."""
        event.listen(Engine, "before_cursor_execute", self._explain)
        event.listen(Engine, "after_cursor_execute", self._count)
        try:
            yield
        finally:
            event.remove(Engine, "before_cursor_execute", self._explain)
            event.remove(Engine, "after_cursor_execute", self._count)

    @property
    def refused(self) -> list[dict[str, Any]]:
        """The steps that scan a table or sort."""
        return [step for step in self.plans if not _is_by_index(step)]

    def _explain(self, connection: Connection, _: Any, text: str, parameters: Any, __: Any, ___: Any) -> None:
        if not text.startswith("SELECT"):
            return
        self.plans += [dict(step) for step in connection.exec_driver_sql(f"EXPLAIN {text}", parameters).mappings()]
        self._before = _read_so_far(connection)

    def _count(self, connection: Connection, _: Any, text: str, __: Any, ___: Any, ____: Any) -> None:
        if text.startswith("SELECT"):
            self.statements += 1
            self.reads += _read_so_far(connection) - self._before


def _is_by_index(step: dict[str, Any]) -> bool:
    aside = ("Using filesort", "Using temporary")
    return step["type"] in _BY_INDEX and not any(it in (step["Extra"] or "") for it in aside)


def _read_so_far(connection: Connection) -> int:
    return sum(int(value) for _, value in connection.exec_driver_sql(_COUNTERS))


@pytest.fixture(scope="module")
def shared_url(mariadb_server: MariaDB) -> Iterator[str]:
    """A database of MariaDB with a thousand members: each offers some skills and wants others."""
    name = mariadb_server.create_database()
    fill(mariadb_server, name)
    yield mariadb_server.url(name)
    mariadb_server.drop_database(name)


def fill(server: MariaDB, name: str) -> None:
    """Members, what they offer and want, and the skills they propose."""
    migrations.upgrade(server.url(name), migrations.migrations_directory("skillsync_users"))
    id = "CONCAT(LPAD(HEX({}), 8, '0'), '-0000-4000-8000-', LPAD(HEX({}), 12, '0'))"
    skill = f"ELT(1 + (m.seq + s.seq) % {len(SKILLS)}, {', '.join(map(repr, SKILLS))})"
    kind, modality = "IF((m.seq + s.seq) % 2, 'offer', 'want')", "ELT(1 + m.seq % 3, 'in_person', 'remote', 'either')"
    moment = "'2030-01-01 12:00:00'"
    server.mysql(
        # Nothing in it comes from outside.
        f"""INSERT INTO users (id, email, first_name, last_name, display_name, about, locale, time_zone, status,
                search_text, version, event_sequence, created_at, updated_at)
            SELECT {id.format("seq", "seq")}, CONCAT(seq, '@members.example'), 'A', 'B', 'A', '', 'en', 'UTC', 'active',
                'a b', 1, 1, {moment}, {moment} FROM seq_1_to_{MEMBERS};
            INSERT INTO offerings (id, user_id, kind, skill, text, modality, status, active_key, search_text, version,
                event_sequence, created_at, updated_at, expires_at)
            SELECT {id.format("m.seq * 10 + s.seq", "s.seq")}, {id.format("m.seq", "m.seq")}, {kind}, {skill}, '',
                {modality}, 'active', CONCAT(m.seq, ':', s.seq), {skill}, 1, 1, {moment}, {moment},
                '2030-06-30 12:00:00'
            FROM seq_1_to_{MEMBERS} m JOIN seq_0_to_{len(SKILLS) - 1} s;
            INSERT INTO skill_proposals (id, author, slug, live_slug, category, name, status, created_at)
            SELECT {id.format("seq", "seq")}, IF(seq % 10, {id.format("seq", "seq")}, '{PROPOSER}'), seq,
                IF(seq % 7 = 2, NULL, seq), 'music', seq,
                ELT(1 + seq % 7, 'open', 'open', 'declined', 'approved', 'open', 'open', 'open'), {moment}
            FROM seq_1_to_{3 * MEMBERS};
            INSERT INTO exports (id, user_id, open_key, state, attempts, try_at, created_at, ends_at)
            SELECT {id.format("seq", "seq")}, {id.format("seq % 1000 + 1", "seq % 1000 + 1")},
                IF(seq % 2, NULL, {id.format("seq", "seq")}), IF(seq % 2, 'ready', 'pending'), 1,
                IF(seq % 2, NULL, '2031-01-01 12:00:00'), {moment}, IF(seq % 2, '2030-01-08 12:00:00', NULL)
            FROM seq_1_to_{3 * MEMBERS};
            INSERT INTO erased_users SELECT {id.format("seq + 1000000", "seq")}, {moment}, {moment}
            FROM seq_1_to_{MEMBERS};
            INSERT INTO erasure_acknowledgements SELECT user_id, service, erased_at FROM erased_users
            JOIN (SELECT 'users' service UNION SELECT 'analytics') services;
            INSERT INTO idempotency_records SELECT id, 'POST', 'k', '', 201, '', '', {moment} FROM users;
            ANALYZE TABLE users, offerings, skill_proposals, exports, erased_users, erasure_acknowledgements,
                idempotency_records""",  # noqa: S608 - constants alone
        name,
    )


async def test_an_erasure_reads_what_is_the_persons_and_no_more(world: "World") -> None:
    ada, watch = await world.member(), watching.Watch()
    await world.offering(ada)
    await world.proposal(ada)
    await world.send("DELETE", "/v1/users/me", ada, if_match="*")
    world.clock.advance(days=7)
    for operation in ("erase", "follow"):
        with watch.during(operation):
            await world.eraser.turn()
    with watch.during("watch"):
        answer = await world.as_worker("/internal/erasures", "skillsync/operations.read")
    assert answer.json()["items"] == []
    with watch.during("acknowledge"):
        assert (await world.as_worker(f"/internal/erasures/{ada}", "skillsync/users.erase")).status_code == 200
    print(watch.table())  # noqa: T201 - with -s, for people
    assert watch.refused == []
    assert max(statement.most_reads for statement in watch.statements.values()) <= 20


@pytest.mark.parametrize("path", ["/v1/offerings", "/v1/users"])
@pytest.mark.parametrize("filters", FILTERS, ids=lambda filters: "-".join(filters) or "all")
async def test_a_page_is_read_by_an_index_in_its_order(world: "World", path: str, filters: dict[str, str]) -> None:
    path, caller = f"{path}?{urlencode(filters)}", new_id()
    for _ in range(2):
        watch = Watch()
        with watch.on():
            answer = await world.get(path, caller)
        assert len(answer.json()["items"]) == 20
        assert watch.refused == []
        # The offerings of a member lie together, up to five, and a modality passes over a third of the rows.
        assert watch.reads <= 21 * 12, watch.reads
        path = answer.headers["link"].partition(">")[0].lstrip("<")


async def test_words_and_an_owners_offerings_are_read_in_order_too(world: "World") -> None:
    ada = await world.member()
    await world.offering(ada)
    watch = Watch()
    with watch.on():
        assert (await world.get("/v1/offerings?q=guitar", ada)).json()["items"]
        assert (await world.get(f"/v1/offerings?owner={ada}&kind=offer", new_id())).json()["items"]
        assert (await world.get("/v1/offerings?owner=me", ada)).json()["items"]
        assert (await world.get("/v1/users?q=ada", ada)).json()["items"]
    assert watch.refused == []


async def test_the_sweeper_reads_what_is_due_and_no_more(world: "World") -> None:
    watch = Watch()
    with watch.on():
        assert await world.sweeper.turn() == 0
    assert watch.statements == 1
    assert watch.refused == []
    assert watch.reads <= 5


async def test_matches_take_two_statements_by_indexes_and_read_the_seekers_skills_alone(world: "World") -> None:
    ada = await world.member()
    await world.offering(ada, skill="guitar")
    await world.offering(ada, skill="german", kind="want")
    watch = Watch()
    with watch.on():
        answer = await world.get("/v1/matches?kind=direct&limit=50", ada)
    assert len(answer.json()["items"]) == 50
    assert watch.statements == 2
    # To rank is to sort what matches; each row of it is found by an index all the same.
    assert {step["type"] for step in watch.plans} <= {"const", "eq_ref", "ref", "range"}
    # Of 5,000 offerings: half of two skills of five, with their owners, sorted once.
    assert watch.reads <= 6 * MEMBERS, watch.reads


async def test_rings_take_three_statements_and_read_the_newest_answers_alone(world: "World") -> None:
    ada = await world.member()
    await world.offering(ada, skill="guitar")
    await world.offering(ada, skill="german", kind="want")
    watch = Watch()
    with watch.on():
        answer = await world.get("/v1/matches?kind=ring&limit=50", ada)
    assert len(answer.json()["items"]) == 50
    assert watch.statements == 3
    # What the parts of the union found is put together in memory; each row of it is found by an index.
    refused = [it for it in watch.refused if not (it["table"] or "").startswith(("<derived", "<union"))]
    assert refused == []
    # A modality passes over a third of the rows; 100 candidates have five offerings each.
    assert watch.reads <= 2 * 50 * 3 * 2 + 2 * 100 + 100 * 6 + 50, watch.reads


@pytest.mark.parametrize("status", ["", "open", "approved", "declined"])
@pytest.mark.parametrize("is_coordinator", [False, True])
async def test_proposals_are_read_by_an_index_in_its_order(world: "World", status: str, is_coordinator: bool) -> None:
    if is_coordinator:
        world.coordinators.add(PROPOSER)
    path = f"/v1/skills/proposals?{urlencode({'status': status} if status else {})}"
    for _ in range(2):
        watch = Watch()
        with watch.on():
            answer = await world.get(path, PROPOSER)
        assert len(answer.json()["items"]) == 20
        assert watch.refused == []
        assert watch.reads <= 21 * 2, watch.reads
        path = answer.headers["link"].partition(">")[0].lstrip("<")


async def test_the_catalogue_reads_what_was_approved_and_no_more(world: "World") -> None:
    watch = Watch()
    with watch.on():
        answer = await world.get("/v1/skills", new_id())
    approved = sum(skill["slug"].isdigit() for skill in answer.json()["items"])
    assert approved > MEMBERS / 3
    assert (watch.statements, watch.refused) == (1, [])
    assert watch.reads <= approved + 2


async def test_exports_are_found_by_an_index_whatever_becomes_of_them(world: "World") -> None:
    ada = await world.member()
    watch = watching.Watch()
    with watch.during("exports"):
        id = await world.export(ada)
        await world.make_exports()
        for path in ("", f"/{id}", f"/{id}/file"):
            assert (await world.get(f"/v1/users/me/exports{path}", ada)).status_code == 200
        world.clock.advance(days=7)
        await world.make_exports()
    await world.send("DELETE", "/v1/users/me", ada, if_match="*")
    world.clock.advance(days=7)
    with watch.during("erase"):
        await world.eraser.turn()
    of_exports = [it for it in watch.statements.values() if any(step.table in EXPORTS for step in it.steps)]
    assert {it.verb for it in of_exports} == {"SELECT", "INSERT", "UPDATE", "DELETE"}
    assert [it.text for it in of_exports if not it.is_by_index] == []
    # A hundred of those whose time is over are let go at once: an entry of the index and a row for each.
    assert max(it.most_reads for it in of_exports) <= 2 * 100 + 2


def exchange(server: MariaDB, name: str) -> None:
    """What many exchanges leave: sums, partners, events that were heard and told of."""
    server.mysql(
        # Nothing in it comes from outside.
        f"""INSERT INTO user_statistics
            SELECT {ID.format("seq")}, {2 * TRANSACTIONS // MEMBERS}, 6000, 6000, '2030-01-01 12:00:00'
            FROM seq_1_to_{MEMBERS};
            INSERT INTO user_partners SELECT {ID.format("m.seq")}, {ID.format("p.seq + m.seq")}
            FROM seq_1_to_{MEMBERS} m JOIN seq_1_to_{PARTNERS} p;
            INSERT INTO processed_messages (consumer, event_id, processed_at)
            SELECT 'users', {ID.format("seq")}, '2030-01-01 12:00:00' FROM seq_1_to_{TRANSACTIONS};
            INSERT INTO outbox (id, type, subject, sequence, payload, created_at, published_at, attempts)
            SELECT {ID.format("seq")}, 'offering.changed.v1', {ID.format("seq DIV 10")}, seq, '{{}}',
                '2030-01-01 12:00:00', IF(seq % 100, '2030-01-01 12:00:00', NULL), 0 FROM seq_1_to_{TRANSACTIONS};
            ANALYZE TABLE user_statistics, user_partners, processed_messages, outbox""",  # noqa: S608
        name,
    )


@pytest.mark.prove
@pytest.mark.timeout(1800)
def test_nothing_scans_a_table_in_a_grown_community(
    mariadb_server: MariaDB, world_over: "type[World]", pool: UserPool, proof: Proof
) -> None:
    name = mariadb_server.create_database()
    fill(mariadb_server, name)
    exchange(mariadb_server, name)
    watch, reads = asyncio.run(_asked_for_everything(world_over, mariadb_server.url(name), pool))
    mariadb_server.drop_database(name)
    proof.say(watch.table())
    for path, count in reads.items():
        proof.say(f"  {count:>9,} reads  {path}")
    scans = [
        f"{statement.operation}: {step.table}"
        for statement in watch.statements.values()
        for step in statement.steps
        # An index that is read in its order ends with the page; the longest is one of events.
        if step.type == "ALL" or (step.type == "index" and statement.most_reads > 500)
        if not step.table.startswith("<")
    ]
    proof.record(
        "EXPLAIN",
        f"every list of users among {MEMBERS:,} people after {TRANSACTIONS:,} transactions",
        {"scans of a growing table": "none"},
        {"scans of a growing table": ", ".join(scans) or "none"},
        f"{len(reads)} lists, {len(watch.statements)} statements, at most {max(reads.values()):,} reads for one list",
    )


async def _asked_for_everything(
    world_over: "type[World]", url: str, pool: UserPool
) -> tuple[watching.Watch, dict[str, int]]:
    """As a member, who is a coordinator too, and as workers; how much each list read."""
    watch, reads = watching.Watch(), dict[str, int]()
    async with AsyncExitStack() as stack:
        world = world_over(stack, url, pool)
        asked = [(path, pool.token(ONE, **{"cognito:groups": ["coordinator"]})) for path in LISTS]
        asked += [(path, pool.worker_token(f"skillsync/{scope}")) for path, scope in OF_OPERATORS]
        for path, token in asked:
            with watch.during(path.partition("?")[0].rpartition("/")[2][:13]):
                answer = await world.get(path, None, Authorization=f"Bearer {token}")
            assert answer.status_code == 200, f"{path}: {answer.text}"
            reads[path] = watch.reads
    return watch, reads
