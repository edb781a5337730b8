"""What was deployed when, kept in the environment itself: the versions of one SSM parameter.

Each attempt writes a version as it begins and one as it ends. SSM keeps the newest hundred, with time and author.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from skillsync.errors import Problem

_NOTE_CHARACTERS = 500


@dataclass(frozen=True)
class Attempt:
    """A deployment or a rollback. `outcome` is "started" until it ends; `by` is the ARN of who began it.

    `images` holds the digests it ran, by service; `note` what went wrong.
    """

    id: str
    action: str
    release: str
    commit: str
    images: Mapping[str, str] = field(default_factory=dict)
    outcome: str = "started"
    note: str = ""
    began_at: datetime | None = None
    ended_at: datetime | None = None
    by: str = ""


class History:
    """An environment's attempts."""

    def __init__(self, ssm: Any, environment: str) -> None:
        self._ssm = ssm
        self._environment = environment
        self._version = 0
        self.name = f"/skillsync/{environment}/release"

    def begin(self, action: str, release: str, commit: str) -> Attempt:
        """Note that one begins."""
        attempt = Attempt(uuid.uuid4().hex[:12], action, release, commit)
        self._version = self._write(attempt)
        return attempt

    def end(self, attempt: Attempt, outcome: str, images: Mapping[str, str], note: str = "") -> None:
        """Note how it ended: "succeeded" or "failed"."""
        self._write(replace(attempt, outcome=outcome, images=images, note=note[:_NOTE_CHARACTERS]))

    def require_newest(self) -> None:
        """Raises Problem when another attempt has begun since: two at once would leave a mixture."""
        parameter = self._ssm.get_parameter(Name=self.name)["Parameter"]
        # Not another one than ours: a look right after the write may show the version before it.
        if parameter["Version"] > self._version:
            newest = json.loads(parameter["Value"])
            raise Problem(
                f"{self._environment}: {newest['action']} of {newest['release']} has begun meanwhile; this one stops."
            )

    def read(self) -> list[Attempt]:
        """The attempts that SSM still has, newest first; [] before the first."""
        found: dict[str, Attempt] = {}
        try:
            pages = list(self._ssm.get_paginator("get_parameter_history").paginate(Name=self.name))
        except self._ssm.exceptions.ParameterNotFound:
            return []
        versions = sorted((one for page in pages for one in page["Parameters"]), key=lambda one: int(one["Version"]))
        for version in versions:
            said, at, by = json.loads(version["Value"]), version["LastModifiedDate"], version["LastModifiedUser"]
            begun = found.pop(said["id"], None)
            found[said["id"]] = Attempt(
                **said,
                began_at=begun.began_at if begun else at,
                ended_at=None if said["outcome"] == "started" else at,
                by=begun.by if begun else by,
            )
        return list(found.values())[::-1]

    def forget(self) -> None:
        """The environment is gone, and with it what it ran."""
        try:
            self._ssm.delete_parameter(Name=self.name)
        except self._ssm.exceptions.ParameterNotFound:
            return

    def _write(self, attempt: Attempt) -> int:
        kept = ("id", "action", "release", "commit", "images", "outcome", "note")
        value = json.dumps({name: getattr(attempt, name) for name in kept}, separators=(",", ":"), default=dict)
        return int(self._ssm.put_parameter(Name=self.name, Value=value, Type="String", Overwrite=True)["Version"])


def runs_now(attempts: list[Attempt]) -> Attempt | None:
    """The newest that succeeded; None before the first."""
    return next((one for one in attempts if one.outcome == "succeeded"), None)


def before(attempts: list[Attempt]) -> Attempt | None:
    """Where a rollback leads: the newest that succeeded with another release than the newest attempt's."""
    done = [one for one in attempts if one.outcome == "succeeded"]
    return next((one for one in done if one.release != attempts[0].release), None)
