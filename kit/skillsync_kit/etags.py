"""Optimistic concurrency in HTTP: a version is a strong ETag (RFC 9110, 8.8.3 and 13.1)."""

import re
from typing import Annotated

from fastapi import Depends, Header

from skillsync_kit.errors import PreconditionFailed, PreconditionRequired, raises

__all__ = ["IfMatch", "IfNoneMatch", "Precondition", "etag", "is_current"]

_TAG = re.compile(r'(?:W/)?"[^"]*"')


def etag(version: int) -> str:
    """The ETag of a version: strong, the number in quotes."""
    return f'"{version}"'


class Precondition:
    """The `If-Match` of a request; absent, it allows every version."""

    def __init__(self, header: str | None) -> None:
        self._header = header

    def require(self, version: int) -> None:
        """As `check`, and raises PreconditionRequired when the header is absent."""
        if self._header is None:
            raise PreconditionRequired("Send If-Match with the ETag you read.")
        self.check(version)

    def check(self, version: int) -> None:
        """Raises PreconditionFailed when the header is present and names another version. Weak tags never match."""
        if self._header is None or self._header.strip() == "*":
            return
        if etag(version) not in _TAG.findall(self._header):
            raise PreconditionFailed(
                "Read it again, and send If-Match with its present ETag.",
                extra={"version": version},
                headers={"ETag": etag(version)},
            )


@raises(PreconditionFailed)
async def _precondition(
    if_match: Annotated[str | None, Header(alias="If-Match", description="The ETag you read")] = None,
) -> Precondition:
    return Precondition(if_match)


async def _if_none_match(
    if_none_match: Annotated[str | None, Header(alias="If-None-Match", description="The ETag you hold")] = None,
) -> str | None:
    return if_none_match


IfMatch = Annotated[Precondition, Depends(_precondition)]
IfNoneMatch = Annotated[str | None, Depends(_if_none_match)]


def is_current(if_none_match: str | None, version: int) -> bool:
    """Whether the client's `If-None-Match` covers this version, so that 304 is the answer. Compared weakly."""
    if if_none_match is None:
        return False
    tags = [tag.removeprefix("W/") for tag in _TAG.findall(if_none_match)]
    return if_none_match.strip() == "*" or etag(version) in tags
