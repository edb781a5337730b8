"""Request and response shapes of profiles."""

from datetime import datetime
from functools import cache
from typing import Annotated, Any, cast
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from skillsync_kit.texts import Line, Paragraphs
from skillsync_users.profiles.entities import Changes, Profile, PublicProfile, UserStatus

__all__ = [
    "Contact",
    "NewProfile",
    "OwnProfile",
    "ProfilePatch",
    "PublicProfileRepresentation",
    "UserPage",
    "contact",
    "represent_own",
    "represent_public",
]


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _time_zone(name: str) -> str:
    if name not in _time_zones():
        raise ValueError("must be a time zone of the IANA database, as Europe/Berlin")
    return name


FirstOrLastName = Annotated[Line, Field(min_length=1, max_length=60)]
DisplayName = Annotated[Line, Field(min_length=1, max_length=80)]
About = Annotated[Paragraphs, Field(max_length=2000)]
Locale = Annotated[
    str, Field(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$", description="A language tag, as en or pt-BR")
]
TimeZone = Annotated[str, Field(max_length=64, examples=["Europe/Berlin"]), AfterValidator(_time_zone)]


# Of a field that may be left out but not be null; never seen, for only what was written is read.
_ABSENT: Any = None
_NAMES: JsonDict = {"first_name": "Ada", "last_name": "Berg", "display_name": "Ada B."}
_PUBLIC: JsonDict = {"id": "0190c5d4-8f6e-7000-8000-000000000001", **_NAMES, "about": "Plays the guitar."}
_CONTACT: JsonDict = {"email": "ada@mail.example", "locale": "en", "time_zone": "Europe/Berlin", "status": "active"}
_STANDING: JsonDict = {"status_reason": None, "erasure_due_at": None}
_TIMES: JsonDict = {"created_at": "2030-01-01T12:00:00Z", "updated_at": "2030-01-02T08:30:00Z"}


def _patch_schema(schema: dict[str, Any]) -> None:
    """What may be left out but not be null has no default to show."""
    for part in schema["properties"].values():
        if part.get("default", "") is None and "anyOf" not in part:
            del part["default"]
    schema["examples"] = [{"about": "Plays the guitar and sings.", "time_zone": "Europe/Berlin"}]


class NewProfile(BaseModel):
    """What a person writes when signing up. The e-mail address is the user pool's to tell, not theirs."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"first_name": "Ada", "last_name": "Berg", "locale": "en"}]}
    )

    first_name: FirstOrLastName
    last_name: FirstOrLastName
    display_name: DisplayName | None = Field(default=None, description="The first name unless given")
    about: About | None = None
    locale: Locale = "en"
    time_zone: TimeZone = "UTC"

    def changes(self) -> Changes:
        """What was written."""
        return cast("Changes", self.model_dump())


class ProfilePatch(BaseModel):
    """A merge patch (RFC 7396) of the caller's own profile."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_patch_schema)

    first_name: FirstOrLastName = Field(default=_ABSENT)
    last_name: FirstOrLastName = Field(default=_ABSENT)
    display_name: DisplayName | None = None
    about: About | None = None
    locale: Locale = Field(default=_ABSENT)
    time_zone: TimeZone = Field(default=_ABSENT)

    def changes(self) -> Changes:
        """What was written, and nothing else."""
        return cast("Changes", self.model_dump(exclude_unset=True))


class OwnProfile(BaseModel):
    """A profile as its owner sees it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**_PUBLIC, **_CONTACT, **_STANDING, "version": 2, **_TIMES}]}
    )

    id: str
    email: str
    first_name: str
    last_name: str
    display_name: str
    about: str
    locale: str
    time_zone: str
    status: UserStatus
    version: int
    status_reason: str | None = Field(description="Why a coordinator has suspended it")
    erasure_due_at: datetime | None = Field(description="From when on it is erased, as its owner asked")
    created_at: datetime
    updated_at: datetime


class PublicProfileRepresentation(BaseModel):
    """A profile as others see it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PUBLIC]})

    id: str
    first_name: str
    last_name: str
    display_name: str
    about: str


class UserPage(BaseModel):
    """Some members; `next` is the cursor of the page after it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_PUBLIC], "next": None}]})

    items: list[PublicProfileRepresentation]
    next: str | None


class Contact(BaseModel):
    """What a worker needs to write to a user."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"id": _PUBLIC["id"], "first_name": "Ada", "display_name": "Ada B.", **_CONTACT}]
        }
    )

    id: str
    email: str
    first_name: str
    display_name: str
    locale: str
    time_zone: str
    status: UserStatus


def represent_own(profile: Profile) -> OwnProfile:
    """A profile as its owner is shown it."""
    return OwnProfile(
        id=profile.id,
        email=profile.email,
        first_name=profile.first_name,
        last_name=profile.last_name,
        display_name=profile.display_name,
        about=profile.about,
        locale=profile.locale,
        time_zone=profile.time_zone,
        status=profile.status,
        version=profile.version,
        status_reason=profile.status_reason or None,
        erasure_due_at=profile.erasure_due_at,
        created_at=profile.created_at,
        updated_at=profile.updated_at,
    )


def represent_public(profile: PublicProfile) -> PublicProfileRepresentation:
    """A profile as others are shown it."""
    return PublicProfileRepresentation(
        id=profile.id,
        first_name=profile.first_name,
        last_name=profile.last_name,
        display_name=profile.display_name,
        about=profile.about,
    )


def contact(profile: Profile) -> Contact:
    """How to write to a user."""
    return Contact(
        id=profile.id,
        email=profile.email,
        first_name=profile.first_name,
        display_name=profile.display_name,
        locale=profile.locale,
        time_zone=profile.time_zone,
        status=profile.status,
    )
