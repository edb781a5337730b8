"""Settings of a process: typed, read from the environment once, refused at start when something is missing."""

import sys
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["Settings", "load", "with_credentials"]


def with_credentials(url: str, user: str | None, password: SecretStr | None) -> str:
    """The URL with this user and password in place of its own; as it is when there is no password."""
    if password is None:
        return url
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(
        parts._replace(netloc=f"{quote(user or '', safe='')}:{quote(password.get_secret_value(), safe='')}@{host}")
    )


class Settings(BaseSettings):
    """What every service needs. Each field is the environment variable SKILLSYNC_<FIELD>."""

    model_config = SettingsConfigDict(env_prefix="SKILLSYNC_", extra="ignore", frozen=True)

    environment: str = Field(default="local", pattern=r"^(local|dev(-[a-z0-9]+)?|staging|prod)$")
    host: str = "127.0.0.1"
    port: int = Field(ge=0, le=65535)
    database_url: str = Field(pattern=r"^(sqlite\+aiosqlite|mysql\+asyncmy)://")
    database_user: str | None = Field(default=None, description="Put into the URL, with the password: a secret of AWS")
    database_password: SecretStr | None = None
    database_ca: Path | None = Field(default=None, description="Who may vouch for the server; TLS is demanded then")
    database_pool_size: int = Field(default=8, ge=1, le=50, description="Connections to write with; as many to read")
    cache_url: str = Field(default="mem://", pattern=r"^(mem|rediss?)://")
    cache_password: SecretStr | None = None
    token_issuer: str
    jwks_url: str
    web_client_id: str
    worker_client_id: str | None = None
    long_poll_seconds: int = Field(default=20, ge=0, le=20, description="A stop waits for the open poll's answer")
    drain_seconds: float = Field(default=0, ge=0, le=60)
    listener: int | None = Field(default=None, ge=3, description="File descriptor of a listening socket to serve on")
    failpoints: str | None = None
    clock_file: Path | None = Field(default=None, description="Holds the seconds by which the clock is moved")
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def database_address(self) -> str:
        """The URL with the credentials that came beside it."""
        return with_credentials(self.database_url, self.database_user, self.database_password)

    @property
    def cache_address(self) -> str:
        """The URL with the password that came beside it."""
        return with_credentials(self.cache_url, "", self.cache_password)

    @model_validator(mode="after")
    def _stand_ins_stay_local(self) -> "Settings":
        if self.environment == "local":
            return self
        if self.failpoints is not None:
            raise ValueError("failpoints: only the local environment may have them")
        if self.clock_file is not None:
            raise ValueError("clock_file: only the local environment has a clock that can be moved")
        if self.listener is not None:
            raise ValueError("listener: only the local environment hands one down")
        if self.database_url.startswith("sqlite"):
            raise ValueError("database_url: only the local environment may use SQLite")
        if self.cache_url.startswith("mem"):
            raise ValueError("cache_url: only the local environment may use the in-process cache")
        return self


SomeSettings = TypeVar("SomeSettings", bound=BaseSettings)


def load(kind: type[SomeSettings]) -> SomeSettings:
    """The settings of this process; when one is missing or wrong, says which on stderr and exits with status 2."""
    try:
        return kind()
    except ValidationError as invalid:
        for error in invalid.errors():
            name = "SKILLSYNC_" + "_".join(str(part) for part in error["loc"]).upper() if error["loc"] else "settings"
            # The value is not shown: it may be a secret.
            sys.stderr.write(f"{name}: {error['msg']}\n")
        raise SystemExit(2) from None
