"""Letters of every template: what each tells of, and a way to have it written."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from skillsync_notifications.entities import (
    Brief,
    Contact,
    Digest,
    Exchange,
    ExchangeLeg,
    ExpiringOffering,
    FoundOffering,
    Letter,
    Limit,
    ListedExchange,
    Mail,
    Matter,
    SkillCount,
    Template,
)
from skillsync_notifications.service import Templates

SUMMER = datetime(2030, 7, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def templates() -> Templates:
    """Every letter of the service, as its process has them."""
    return Templates("https://web.example/")


@pytest.fixture
def a_matter(an_exchange: Callable[..., Exchange]) -> Callable[[Template], Matter | None]:
    """Makes what a template tells of, with every part of it."""
    listed = ListedExchange("listed-1", "Bread for yoga", ("Ana", "Cleo"), SUMMER)
    found = FoundOffering("found-1", "bike-repair", "Dana")
    matters: dict[Template, Matter | None] = {
        Template.WELCOME: None,
        Template.SOFT_LIMIT: Limit(-330, -600),
        Template.WEEKLY_DIGEST: Digest(
            SUMMER, SUMMER + timedelta(days=7), (listed,), (listed, listed), (listed,), (found,), 90, 60, 150
        ),
        Template.COORDINATORS_BRIEF: Brief(
            SUMMER,
            SUMMER + timedelta(days=7),
            *(4, 1200, None, 5, 6, 7890),
            (SkillCount("german", 5), SkillCount("guitar", 3)),
            (SkillCount("piano", 4),),
        ),
        Template.OFFERING_EXPIRES: ExpiringOffering("offering-1", "offer", "classical-guitar", SUMMER, "For all ages."),
    }
    exchange = an_exchange(
        "exchange-1",
        "ana",
        title="Guitar for German",
        note="Hi Bo,\nshall we?",
        reason="We are away.\nSorry.",
        scheduled_for=SUMMER,
        expires_at=SUMMER,
        finalizes_at=SUMMER,
        is_agreed=True,
        own_minutes=150,
        version=4,
    )
    return lambda template: matters.get(template, exchange)


@pytest.fixture
def write(
    templates: Templates, a_mail: Callable[..., Mail], a_matter: Callable[[Template], Matter | None]
) -> Callable[..., Letter]:
    """Has a letter written to Bo in Berlin, of Ana's act; about something else when that is given."""

    def write(
        template: Template,
        matter: Matter | None = None,
        *,
        name: str = "Bo",
        locale: str = "en",
        time_zone: str = "Europe/Berlin",
        unsubscribe_url: str | None = None,
    ) -> Letter:
        mail = a_mail(template, actor="ana")
        contact = Contact("bo@people.example", name, locale, time_zone)
        told = matter or a_matter(template)
        return templates.write(mail, contact, told, mail.created_at, unsubscribe_url=unsubscribe_url)

    return write


@pytest.fixture
def legs() -> tuple[ExchangeLeg, ...]:
    """A ring of three."""
    return (
        ExchangeLeg("Ana", "Bo", "guitar", 60),
        ExchangeLeg("Bo", "Cleo", "german", 90),
        ExchangeLeg("Cleo", "Ana", "piano", 45),
    )
