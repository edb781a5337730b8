"""What a mail tells of a transaction: asked for at the transactions service, as its recipient would be answered."""

from datetime import datetime
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from skillsync_kit.errors import DependencyUnavailable
from skillsync_kit.internal_client import InternalService
from skillsync_notifications.entities import Exchange, ExchangeLeg

__all__ = ["Exchanges", "TransactionsService"]


class Exchanges(Protocol):
    """Knows transactions."""

    async def exchange(self, id: str, viewer: str) -> Exchange | None:
        """The transaction as `viewer` may see it; None when there is none. Raises DependencyUnavailable."""
        ...


class _Leg(BaseModel):
    giver: str
    receiver: str
    skill: str
    minutes: int


class _Participant(BaseModel):
    id: str
    display_name: str = ""
    first_name: str = ""


class _Acceptance(BaseModel):
    user: str
    terms_rev: int


class _Confirmation(BaseModel):
    user: str


class _Transaction(BaseModel):
    """What this service reads of a transaction; the rest is passed over."""

    model_config = ConfigDict(extra="ignore")

    id: str
    title: str
    note: str = ""
    scheduled_for: datetime | None = None
    expires_at: datetime | None = None
    finalizes_at: datetime | None = None
    updated_at: datetime
    participants: list[_Participant]
    legs: dict[str, _Leg]
    state: str = ""
    terms_rev: int = 0
    acceptances: list[_Acceptance] = Field(default_factory=list)
    confirmations: list[_Confirmation] = Field(default_factory=list)

    def exchange(self) -> Exchange:
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
            terms_rev=self.terms_rev,
            accepted_by=frozenset(yes.user for yes in self.acceptances if yes.terms_rev == self.terms_rev),
            confirmed_by=frozenset(word.user for word in self.confirmations),
            expires_at=self.expires_at,
            finalizes_at=self.finalizes_at,
        )


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
            return _Transaction.model_validate(answer).exchange()
        except ValidationError:
            # Not as the cause: it would quote what people wrote.
            raise DependencyUnavailable("The transactions service's answer cannot be read.") from None
