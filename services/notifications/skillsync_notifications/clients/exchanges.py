"""What a mail tells of a transaction: asked for at the transactions service, as its recipient would be answered."""

from datetime import datetime
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from skillsync_kit.errors import DependencyUnavailable
from skillsync_kit.internal_client import InternalService
from skillsync_notifications.entities import Exchange, ExchangeLeg, Hours

__all__ = ["Exchanges", "TransactionsService"]


class Exchanges(Protocol):
    """Knows transactions."""

    async def exchange(self, id: str, viewer: str) -> Exchange | None:
        """The transaction as `viewer` may see it; None when there is none. Raises DependencyUnavailable."""
        ...

    async def hours(self, user: str, since: datetime) -> Hours:
        """A member's hours, and what was given and received since then. Raises DependencyUnavailable."""
        ...


class _Leg(BaseModel):
    giver: str
    receiver: str
    skill: str
    minutes: int


class _Acceptance(BaseModel):
    user: str
    terms_rev: int


class _Participant(BaseModel):
    id: str
    display_name: str = ""
    first_name: str = ""


class _Confirmation(BaseModel):
    user: str


class _Transaction(BaseModel):
    """What this service reads of a transaction; the rest is passed over."""

    model_config = ConfigDict(extra="ignore")

    id: str
    title: str
    note: str = ""
    state: str = ""
    version: int = 1
    terms_rev: int = 1
    scheduled_for: datetime | None = None
    expires_at: datetime | None = None
    finalizes_at: datetime | None = None
    reason: str | None = None
    reverses_id: str | None = None
    updated_at: datetime
    participants: list[_Participant]
    legs: dict[str, _Leg]
    acceptances: list[_Acceptance] = Field(default_factory=list)
    confirmations: list[_Confirmation] = Field(default_factory=list)

    def exchange(self, viewer: str) -> Exchange:
        names = {person.id: person.display_name or person.first_name for person in self.participants}
        legs = (
            ExchangeLeg(names.get(leg.giver, ""), names.get(leg.receiver, ""), leg.skill, leg.minutes)
            for leg in self.legs.values()
        )
        return Exchange(
            id=self.id,
            title=self.title,
            note=self.note,
            scheduled_for=self.scheduled_for,
            updated_at=self.updated_at,
            names=names,
            legs=tuple(legs),
            state=self.state,
            version=self.version,
            terms_rev=self.terms_rev,
            accepted_by=self._accepted_by(),
            confirmed_by=frozenset(word.user for word in self.confirmations),
            reason=self._reason_of_state(),
            is_agreed=self._is_agreed(),
            own_minutes=sum(leg.minutes for leg in self.legs.values() if viewer in (leg.giver, leg.receiver)),
            expires_at=self.expires_at,
            finalizes_at=self.finalizes_at,
        )

    def _accepted_by(self) -> frozenset[str]:
        return frozenset(yes.user for yes in self.acceptances if yes.terms_rev == self.terms_rev)

    def _is_agreed(self) -> bool:
        return self._accepted_by().issuperset(person.id for person in self.participants)

    def _reason_of_state(self) -> str:
        """The last reason given, when it surely was given for the state that the exchange is in.

        One that undoes another was proposed with a reason, so when it ended without one, the last is still the first.
        To call off what is agreed needs a reason.
        """
        may_be_older = self.reverses_id and self.state in ("declined", "cancelled") and not self._is_agreed()
        return "" if may_be_older or not self.reason else self.reason


class _Statement(BaseModel):
    """What this service reads of a statement; the rest is passed over."""

    model_config = ConfigDict(extra="ignore")

    balance: int
    available: int
    floor: int
    minutes_given: int
    minutes_received: int


class TransactionsService:
    """Exchanges, asked for at the transactions service."""

    def __init__(self, service: InternalService) -> None:
        self._service = service

    async def exchange(self, id: str, viewer: str) -> Exchange | None:
        """See Exchanges."""
        answer = await self._service.get(f"/internal/transactions/{id}", [("as", viewer)])
        if answer is None:
            return None
        try:
            return _Transaction.model_validate(answer).exchange(viewer)
        except ValidationError:
            # Not as the cause: it would quote what people wrote.
            raise DependencyUnavailable("The transactions service's answer cannot be read.") from None

    async def hours(self, user: str, since: datetime) -> Hours:
        """See Exchanges."""
        answer = await self._service.get(f"/internal/statements/{user}", [("since", since.isoformat())])
        try:
            return Hours(**_Statement.model_validate(answer).model_dump())
        except ValidationError:
            raise DependencyUnavailable("The transactions service's answer cannot be read.") from None
