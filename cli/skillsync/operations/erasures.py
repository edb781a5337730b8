"""`skillsync erasures`: who is to be erased, and which service has not done its part; ids alone."""

import json
import sys
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, ValidationError

from skillsync.errors import Problem
from skillsync.operations.services import Services, Silent
from skillsync.paths import Paths
from skillsync.views.session import require_running

# As the users service counts `erasures-overdue`.
_OVERDUE_AFTER = timedelta(hours=1)


class Open(BaseModel):
    """An erasure that is under way."""

    model_config = ConfigDict(extra="ignore")

    user_id: str
    erased_at: datetime
    acknowledged: list[str]
    missing: list[str]

    def is_overdue(self, now: datetime) -> bool:
        """Whether somebody has had more than an hour for their part."""
        return now - self.erased_at > _OVERDUE_AFTER


class Planned(BaseModel):
    """An erasure that its person may still take back."""

    model_config = ConfigDict(extra="ignore")

    user_id: str
    due_at: datetime


class Erasures(BaseModel):
    """At most a hundred of each."""

    model_config = ConfigDict(extra="ignore")

    items: list[Open]
    planned: list[Planned]


def read_erasures(services: Services) -> Erasures:
    """What the users service knows of erasures. Raises Problem."""
    try:
        return Erasures.model_validate(services.get("users", "/internal/erasures"))
    except Silent as error:
        raise Problem(f"users {error}.") from None
    except ValidationError:
        raise Problem("users answered what cannot be read.") from None


def show_erasures(paths: Paths, now: datetime, as_json: bool) -> bool:
    """Print them; True when none is overdue at `now`."""
    found = read_erasures(Services.of(paths, require_running(paths)))
    if as_json:
        shown = found.model_dump(mode="json")
        for item, erasure in zip(shown["items"], found.items, strict=True):
            item["is_overdue"] = erasure.is_overdue(now)
        json.dump({"open": shown["items"], "planned": shown["planned"]}, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        from skillsync.local.tables import make_console  # noqa: PLC0415
        from skillsync.operations.tables import erasure_table  # noqa: PLC0415

        make_console().print(erasure_table(found, now))
    return not any(erasure.is_overdue(now) for erasure in found.items)
