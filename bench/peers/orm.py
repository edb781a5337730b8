"""What most would write: FastAPI with SQLAlchemy's ORM, sessions, mapped classes, and answers by response models.

python -m bench.peers.orm

It keeps the promises of the service: idempotency record, history, outbox row, version check, hold and posting in one
commit. Tokens are verified by PyJWT at each request, as its own documentation shows.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import httpx2
import jwt
from fastapi import Depends, FastAPI, Query, Request, Response
from pydantic import BaseModel
from sqlalchemy import JSON, ForeignKey, func, select, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, aliased, mapped_column, relationship
from sqlalchemy.orm.exc import StaleDataError

from bench.peers import rules
from bench.peers.rules import DomainEvent, Movement, Refused
from bench.peers.shared import (
    PRIVATE,
    AgreedTerms,
    Key,
    Names,
    TransactionIn,
    fingerprint,
    make_app,
    new_flow,
    serve,
    settings,
)
from skillsync_kit.database import UtcDateTime
from skillsync_kit.ids import new_id

_BEGIN_AGAIN = (1213, 1205, 1020)
_ATTEMPTS = 8
Flow = tuple[str, str]


# --- tables ---


class Base(DeclarativeBase):
    """Moments are aware and in UTC."""

    type_annotation_map = {datetime: UtcDateTime}  # noqa: RUF012 - as SQLAlchemy reads it


class TransactionText(Base):
    """What people wrote."""

    __tablename__ = "transaction_texts"

    transaction_id: Mapped[str] = mapped_column(ForeignKey("transactions.id"), primary_key=True)
    title: Mapped[str]
    note: Mapped[str]
    names: Mapped[dict[str, Any]] = mapped_column(JSON)
    reasons: Mapped[dict[str, str]] = mapped_column(JSON)


class Participant(Base):
    """Who may see a transaction."""

    __tablename__ = "transaction_participants"

    user_id: Mapped[str] = mapped_column(primary_key=True)
    transaction_id: Mapped[str] = mapped_column(ForeignKey("transactions.id"), primary_key=True)
    is_author: Mapped[bool]
    state: Mapped[str]
    updated_at: Mapped[datetime]


class HistoryEntry(Base):
    """What was done to a transaction."""

    __tablename__ = "transaction_history"

    transaction_id: Mapped[str] = mapped_column(ForeignKey("transactions.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    actor: Mapped[str | None]
    action: Mapped[str]
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    changed: Mapped[list[str]] = mapped_column(JSON)
    at: Mapped[datetime]


class Transaction(Base):
    """A transaction; the session compares `version` when it writes a change."""

    __tablename__ = "transactions"

    id: Mapped[str] = mapped_column(primary_key=True)
    author: Mapped[str]
    state: Mapped[str]
    version: Mapped[int] = mapped_column()
    terms_rev: Mapped[int]
    settlement: Mapped[str]
    legs: Mapped[dict[str, Any]] = mapped_column(JSON)
    scheduled_for: Mapped[datetime | None]
    days_open: Mapped[int]
    expires_at: Mapped[datetime | None]
    finalizes_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    reverses_id: Mapped[str | None]
    acceptances: Mapped[list[Any]] = mapped_column(JSON)
    confirmations: Mapped[list[Any]] = mapped_column(JSON)
    revisions: Mapped[list[Any]] = mapped_column(JSON)
    event_sequence: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    texts: Mapped[TransactionText] = relationship(lazy="joined", innerjoin=True)
    participants: Mapped[list[Participant]] = relationship(lazy="noload")
    history: Mapped[list[HistoryEntry]] = relationship(lazy="noload")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - as SQLAlchemy reads it


class Account(Base):
    """Somebody's hours, in minutes."""

    __tablename__ = "accounts"

    owner: Mapped[str] = mapped_column(primary_key=True)
    balance: Mapped[int]
    held: Mapped[int]
    floor: Mapped[int]
    event_sequence: Mapped[int]


class LedgerEntry(Base):
    """One side of a leg that was finalized."""

    __tablename__ = "ledger_entries"

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str]
    transaction_id: Mapped[str] = mapped_column(ForeignKey("transactions.id"))
    leg: Mapped[str]
    skill: Mapped[str]
    counterparty: Mapped[str]
    minutes: Mapped[int]
    at: Mapped[datetime]


class Person(Base):
    """What is known of a user's status."""

    __tablename__ = "people"

    user_id: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str]
    sequence: Mapped[int]


class OutboxRow(Base):
    """An event on its way."""

    __tablename__ = "outbox"

    id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    subject: Mapped[str]
    sequence: Mapped[int]
    payload: Mapped[str]
    traceparent: Mapped[str | None]
    created_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    received_at: Mapped[datetime | None]


class IdempotencyRecord(Base):
    """The answer that was given under a key."""

    __tablename__ = "idempotency_records"

    principal: Mapped[str] = mapped_column(primary_key=True)
    method: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    status: Mapped[int | None]
    headers: Mapped[str | None]
    body: Mapped[str | None]
    created_at: Mapped[datetime]


# --- shapes ---


class LegOut(BaseModel):
    """A leg."""

    giver: str | None
    receiver: str | None
    skill: str | None
    minutes: int | None


class ParticipantOut(BaseModel):
    """A participant, by name."""

    id: str
    first_name: str
    last_name: str
    display_name: str


class AcceptanceOut(BaseModel):
    """A yes to terms."""

    user: str
    terms_rev: int
    at: datetime


class ConfirmationOut(BaseModel):
    """A word that it took place."""

    user: str
    at: datetime


class TransactionOut(BaseModel):
    """A transaction as one participant sees it."""

    id: str
    author: str
    state: str
    version: int
    terms_rev: int
    title: str
    note: str
    settlement: str
    scheduled_for: datetime | None
    expires_at: datetime | None
    finalizes_at: datetime | None
    ended_by: str | None
    reason: str | None
    reverses_id: str | None
    reversed_by: str | None
    legs: dict[str, LegOut]
    participants: list[ParticipantOut]
    acceptances: list[AcceptanceOut]
    confirmations: list[ConfirmationOut]
    allowed_actions: list[str]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, transaction: Transaction, reversed_by: str | None, viewer: str) -> "TransactionOut":
        """The transaction as the viewer sees it."""
        legs, texts = transaction.legs, transaction.texts
        names: Mapping[str, Sequence[str]] = texts.names
        people = rules.participants_of(legs, transaction.author)
        return cls(
            id=transaction.id,
            author=transaction.author,
            state=transaction.state,
            version=transaction.version,
            terms_rev=transaction.terms_rev,
            title=texts.title,
            note=texts.note,
            settlement=transaction.settlement,
            scheduled_for=transaction.scheduled_for,
            expires_at=transaction.expires_at,
            finalizes_at=transaction.finalizes_at,
            ended_by=transaction.ended_by,
            reason=texts.reasons[max(texts.reasons, key=int)] if texts.reasons else None,
            reverses_id=transaction.reverses_id,
            reversed_by=reversed_by,
            legs={key: LegOut(**leg) for key, leg in legs.items()},
            participants=[
                ParticipantOut(id=id, first_name=names[id][0], last_name=names[id][1], display_name=names[id][2])
                for id in people
            ],
            acceptances=[AcceptanceOut(user=user, terms_rev=rev, at=at) for user, rev, at in transaction.acceptances],
            confirmations=[ConfirmationOut(user=user, at=at) for user, _, at in transaction.confirmations],
            allowed_actions=rules.allowed_actions(
                viewer,
                state=transaction.state,
                author=transaction.author,
                legs=legs,
                terms_rev=transaction.terms_rev,
                acceptances=transaction.acceptances,
                confirmations=transaction.confirmations,
                revisions=transaction.revisions,
                is_reversed=reversed_by is not None,
            ),
            created_at=transaction.created_at,
            updated_at=transaction.updated_at,
        )


class PageOut(BaseModel):
    """A page of transactions."""

    items: list[TransactionOut]
    next: str | None


# --- the app ---


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the engine."""
    chosen = settings()
    engine = create_async_engine(
        chosen.database_url,
        pool_size=chosen.database_pool_size,
        max_overflow=0,
        connect_args={
            "charset": "utf8mb4",
            "init_command": "SET SESSION innodb_lock_wait_timeout=5, time_zone='+00:00'",
        },
    )
    async with httpx2.AsyncClient() as client:
        app.state.settings = chosen
        app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
        app.state.keys = jwt.PyJWKClient(chosen.jwks_url, cache_keys=True)
        app.state.names = Names(client, chosen.users_url)
        yield
    await engine.dispose()


app = make_app(lifespan)


async def caller(request: Request) -> str:
    """The id of the verified caller."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refused(401, "unauthorized")
    chosen = request.app.state.settings
    try:
        key = request.app.state.keys.get_signing_key_from_jwt(token)
        required = {"require": ["exp", "iss", "sub", "token_use", "client_id"], "verify_aud": False}
        claims = jwt.decode(token, key, algorithms=["RS256"], issuer=chosen.token_issuer, options=required)  # type: ignore[arg-type]
    except jwt.PyJWTError as invalid:
        raise Refused(401, "unauthorized") from invalid
    if claims["token_use"] != "access" or claims["client_id"] != chosen.web_client_id:  # noqa: S105 - no password
        raise Refused(401, "unauthorized")
    subject: str = claims["sub"]
    return subject


Caller = Annotated[str, Depends(caller)]


# --- the handlers ---


@app.post("/v1/transactions", status_code=201, response_model=TransactionOut)
async def create(body: TransactionIn, by: Caller, key: Key, request: Request, response: Response) -> Any:
    """Write a new draft."""
    now = datetime.now(UTC)
    legs = body.legs_of(by)
    people = rules.participants_of(legs, by)
    names = await request.app.state.names.of({by, *people}, request.headers["authorization"].partition(" ")[2])

    async def work(session: AsyncSession) -> TransactionOut:
        record = await claim(session, by, key, fingerprint(request, body), now)
        await require_active(session, people or [by])
        transaction = Transaction(
            id=new_id(),
            author=by,
            state="draft",
            terms_rev=1,
            settlement=body.settlement,
            legs=legs,
            days_open=rules.OPEN.days,
            acceptances=[],
            confirmations=[],
            revisions=[],
            event_sequence=0,
            created_at=now,
            updated_at=now,
            texts=TransactionText(title=body.title, note=body.note, names=names, reasons={}),
            participants=[Participant(user_id=by, is_author=True, state="draft", updated_at=now)],
            history=[HistoryEntry(number=1, actor=by, action="create", to_state="draft", changed=[], at=now)],
        )
        session.add(transaction)
        await session.flush()
        return keep(record, response, TransactionOut.of(transaction, None, by), 201)

    return await in_transaction(request, by, key, work, id=None, body=body)


@app.post("/v1/transactions/{id}/propose", response_model=TransactionOut)
async def propose(id: str, by: Caller, key: Key, request: Request, response: Response) -> Any:
    """Make a draft known."""
    now, flow = datetime.now(UTC), new_flow()

    async def work(session: AsyncSession) -> TransactionOut:
        record = await claim(session, by, key, fingerprint(request, None), now)
        await lock(session, [by])
        count = select(func.count()).where(Transaction.author == by, Transaction.state == "proposed")
        open_proposals = (await session.execute(count)).scalar_one()
        transaction, reversed_by, _ = await find(session, id, by)
        people = rules.participants_of(transaction.legs, by)
        if transaction.state == "draft":
            await require_active(session, people)
        rules.require_state(transaction.state, "draft", None, now)
        rules.require_complete(transaction.legs, by)
        if open_proposals >= rules.MOST_OPEN_PROPOSALS:
            raise Refused(409, "too-many-open-proposals")
        transaction.acceptances = [(by, transaction.terms_rev, now.isoformat())]
        events = await enter(session, transaction, "proposed", "propose", by, now, flow, ["transaction.proposed.v1"])
        session.add_all(
            Participant(user_id=user, transaction_id=id, is_author=False, state="proposed", updated_at=now)
            for user in people
            if user != by
        )
        await session.flush()
        session.add_all(events)
        return keep(record, response, TransactionOut.of(transaction, reversed_by, by))

    return await in_transaction(request, by, key, work, id=id)


@app.post("/v1/transactions/{id}/accept", response_model=TransactionOut)
async def accept(id: str, body: AgreedTerms, by: Caller, key: Key, request: Request, response: Response) -> Any:
    """Say yes to the terms."""
    now, flow = datetime.now(UTC), new_flow()

    async def work(session: AsyncSession) -> TransactionOut:
        record = await claim(session, by, key, fingerprint(request, body), now)
        transaction, reversed_by, unavailable = await find(session, id, by)
        require_agreeable(transaction, unavailable, body, "proposed", now)
        transaction.acceptances = [*transaction.acceptances, (by, body.terms_rev, now.isoformat())]
        is_last = len(transaction.acceptances) == len(rules.participants_of(transaction.legs, transaction.author))
        types = ["transaction.accepted_by.v1", *(["transaction.accepted.v1"] if is_last else [])]
        state = "accepted" if is_last else "proposed"
        events = await enter(session, transaction, state, "accept", by, now, flow, types)
        if is_last:
            await move(session, rules.hold(transaction.legs, transaction.settlement), id, now)
        await session.flush()
        session.add_all(events)
        return keep(record, response, TransactionOut.of(transaction, reversed_by, by))

    return await in_transaction(request, by, key, work, id=id, body=body)


@app.post("/v1/transactions/{id}/finalize", response_model=TransactionOut)
async def finalize(id: str, body: AgreedTerms, by: Caller, key: Key, request: Request, response: Response) -> Any:
    """Say that it took place."""
    now, flow = datetime.now(UTC), new_flow()

    async def work(session: AsyncSession) -> TransactionOut:
        record = await claim(session, by, key, fingerprint(request, body), now)
        transaction, reversed_by, unavailable = await find(session, id, by)
        require_agreeable(transaction, unavailable, body, "accepted", now)
        transaction.confirmations = [*transaction.confirmations, (by, body.terms_rev, now.isoformat())]
        types = ["transaction.finalized.v1"]
        events = await enter(session, transaction, "finalized", "finalize", by, now, flow, types)
        await move(session, rules.post(transaction.legs, transaction.settlement), id, now)
        await session.flush()
        session.add_all(events)
        return keep(record, response, TransactionOut.of(transaction, reversed_by, by))

    return await in_transaction(request, by, key, work, id=id, body=body)


@app.get("/v1/transactions/{id}", response_model=TransactionOut)
async def read(id: str, by: Caller, request: Request, response: Response) -> Any:
    """One transaction."""
    async with request.app.state.sessions() as session:
        transaction, reversed_by, _ = await find(session, id, by)
    response.headers["ETag"] = f'"{transaction.version}"'
    response.headers.update(PRIVATE)
    if request.headers.get("if-none-match") == response.headers["ETag"]:
        return Response(status_code=304, headers=dict(response.headers))
    return TransactionOut.of(transaction, reversed_by, by)


@app.get("/v1/transactions", response_model=PageOut)
async def page(
    by: Caller, request: Request, response: Response, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> Any:
    """The first page of the caller's transactions, the newest first."""
    reversal = aliased(Transaction)
    query = (
        select(Transaction, reversal.id)
        .select_from(Participant)
        .join(Transaction, Transaction.id == Participant.transaction_id)
        .outerjoin(reversal, reversal.reverses_id == Transaction.id)
        .where(Participant.user_id == by)
        .order_by(Participant.transaction_id.desc())
        .limit(limit + 1)
    )
    async with request.app.state.sessions() as session:
        found = (await session.execute(query)).all()
    items = [TransactionOut.of(transaction, reversed_by, by) for transaction, reversed_by in found[:limit]]
    next = urlsafe_b64encode(items[-1].id.encode()).decode() if len(found) > limit else None
    response.headers.update(PRIVATE)
    if next:
        response.headers["Link"] = f'</v1/transactions?limit={limit}&cursor={next}>; rel="next"'
    return PageOut(items=items, next=next)


# --- what they are made of ---


class Repeated(Exception):
    """The key was used before."""


async def in_transaction(
    request: Request,
    by: str,
    key: str,
    work: Callable[[AsyncSession], Awaitable[TransactionOut]],
    *,
    id: str | None,
    body: BaseModel | None = None,
) -> TransactionOut | Response:
    """Do the work in one transaction; begin again when the database or a lost race asks for it; replay a repetition."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            async with request.app.state.sessions() as session, session.begin():
                return await work(session)
        except Repeated:
            async with request.app.state.sessions() as session:
                return await replay(session, by, key, fingerprint(request, body), id)
        except (StaleDataError, OperationalError) as error:
            again = isinstance(error, StaleDataError) or (error.orig is not None and error.orig.args[0] in _BEGIN_AGAIN)
            if not again or attempt == _ATTEMPTS:
                raise
    raise RuntimeError("unreachable")


async def claim(session: AsyncSession, by: str, key: str, print_: str, now: datetime) -> IdempotencyRecord:
    """Insert the idempotency record first."""
    record = IdempotencyRecord(principal=by, method="POST", key=key, fingerprint=print_, created_at=now)
    session.add(record)
    try:
        await session.flush()
    except IntegrityError as error:
        raise Repeated from error
    return record


async def replay(session: AsyncSession, by: str, key: str, print_: str, id: str | None) -> Response:
    """The answer that was given before."""
    record = (
        await session.execute(select(IdempotencyRecord).filter_by(principal=by, method="POST", key=key))
    ).scalar_one()
    if id is not None:
        await find(session, id, by)
    if record.fingerprint != print_:
        raise Refused(422, "idempotency-key-reused")
    headers = {**json.loads(record.headers or "{}"), **PRIVATE, "Idempotent-Replayed": "true"}
    return Response(record.body, record.status or 200, headers, "application/json")


def keep(record: IdempotencyRecord, response: Response, out: TransactionOut, status: int = 200) -> TransactionOut:
    """Keep the answer with its record."""
    headers = {"ETag": f'"{out.version}"'}
    if status == 201:
        headers["Location"] = f"/v1/transactions/{out.id}"
    record.status, record.headers, record.body = status, json.dumps(headers), out.model_dump_json()
    response.headers.update({**headers, **PRIVATE})
    return out


async def find(session: AsyncSession, id: str, by: str) -> tuple[Transaction, str | None, str | None]:
    """The transaction, when the caller may see it; its reversal; who of it may not act."""
    reversal, other = aliased(Transaction), aliased(Participant)
    unavailable = (
        select(func.group_concat(Person.user_id))
        .select_from(other)
        .join(Person, Person.user_id == other.user_id)
        .where(other.transaction_id == Participant.transaction_id, Person.status != "active")
        .scalar_subquery()
    )
    query = (
        select(Transaction, reversal.id, unavailable)
        .select_from(Participant)
        .join(Transaction, Transaction.id == Participant.transaction_id)
        .outerjoin(reversal, reversal.reverses_id == Transaction.id)
        .where(Participant.user_id == by, Participant.transaction_id == id)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise Refused(404, "not-found")
    return row[0], row[1], row[2]


def require_agreeable(
    transaction: Transaction, unavailable: str | None, body: AgreedTerms, state: str, now: datetime
) -> None:
    """Check that the caller may agree to these terms now."""
    if unavailable:
        raise Refused(422, "participant-unavailable")
    if transaction.state in ("proposed", "accepted"):
        rules.require_terms(body.terms_rev, transaction.terms_rev)
    rules.require_state(transaction.state, state, transaction.expires_at, now)


async def enter(
    session: AsyncSession,
    transaction: Transaction,
    state: str,
    action: str,
    by: str,
    now: datetime,
    flow: Flow,
    types: Sequence[str],
) -> list[OutboxRow]:
    """Let it enter a state, with its history and the events that tell of it. Raises StaleDataError when it lost."""
    before = transaction.state
    transaction.state = state
    terms = {"proposed": now + rules.OPEN, "accepted": now + rules.AFTER_ACCEPTANCE}
    transaction.expires_at = transaction.due_at = terms.get(state)
    transaction.updated_at = now
    transaction.event_sequence += len(types)
    await session.flush()
    await session.execute(
        update(Participant)
        .where(Participant.transaction_id == transaction.id)
        .values(state=state, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    entry = HistoryEntry(number=transaction.version, actor=by, action=action, from_state=before, to_state=state, at=now)
    entry.transaction_id, entry.changed = transaction.id, []
    session.add(entry)
    first = transaction.event_sequence - len(types) + 1
    events = [_event(transaction, type, before, first + place, by, now, flow) for place, type in enumerate(types)]
    return [
        OutboxRow(
            id=event.id,
            type=event.type,
            subject=event.subject,
            sequence=event.sequence,
            payload=json.dumps(event.payload),
            traceparent=flow[1],
            created_at=now,
            received_at=now,
        )
        for event in events
    ]


def _event(
    transaction: Transaction, type: str, before: str, sequence: int, by: str, now: datetime, flow: Flow
) -> DomainEvent:
    data = rules.event_data(
        author=transaction.author,
        from_state=before,
        to_state=before if type == "transaction.accepted_by.v1" else transaction.state,
        version=transaction.version,
        terms_rev=transaction.terms_rev,
        settlement=transaction.settlement,
        scheduled_for=transaction.scheduled_for,
        legs=transaction.legs,
    )
    return rules.envelope(type, transaction.id, sequence, now, by, flow, data)


async def require_active(session: AsyncSession, people: Sequence[str]) -> None:
    """Check that none of these is suspended or erased."""
    query = select(Person.user_id).where(Person.user_id.in_(people), Person.status != "active")
    if (await session.execute(query)).first():
        raise Refused(422, "participant-unavailable")


async def lock(session: AsyncSession, owners: Sequence[str]) -> Mapping[str, Account]:
    """The accounts of these people, locked; opened where there was none."""
    query = select(Account).where(Account.owner.in_(owners)).order_by(Account.owner).with_for_update()
    accounts = {account.owner: account for account in (await session.execute(query)).scalars()}
    for owner in owners:
        if owner not in accounts:
            accounts[owner] = Account(owner=owner, balance=0, held=0, floor=-600, event_sequence=0)
            session.add(accounts[owner])
    return accounts


async def move(session: AsyncSession, movement: Movement, id: str, now: datetime) -> None:
    """Move the hours through the accounts they concern."""
    if not movement.owners:
        return
    accounts = await lock(session, movement.owners)
    for owner, minutes in movement.released.items():
        accounts[owner].held -= minutes
    for owner, minutes in movement.held.items():
        account = accounts[owner]
        rules.require_hours(account.balance - account.held, account.floor, minutes)
        account.held += minutes
    for leg, owner, counterparty, skill, minutes in movement.postings:
        accounts[owner].balance += minutes
        session.add(
            LedgerEntry(
                id=new_id(),
                account=owner,
                transaction_id=id,
                leg=leg,
                skill=skill,
                counterparty=counterparty,
                minutes=minutes,
                at=now,
            )
        )


if __name__ == "__main__":
    serve(app, settings().port)
