"""checkov on every template as prod gets it; what it finds and what stays so is waived with a reason and a day."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from .linters import CHECKOV, checked

Json = dict[str, Any]
Render = Callable[[str, str], Json]

# One of each template, and of service.yaml one of each kind.
STACKS = (
    *("messaging", "identity", "network", "platform", "data", "edge", "web", "observability"),
    *("users-migrate", "users", "operations", "notifications-worker"),
)
WAIVERS: list[Json] = yaml.safe_load((CHECKOV / "waivers.yaml").read_text(encoding="utf-8"))


@pytest.mark.timeout(600)
def test_checkov_finds_nothing_but_what_is_waived(
    render: Render, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    templates = {stack: render("prod", stack) for stack in STACKS}
    # The same templates under the same release of checkov: the same findings. It takes as long as ten tests.
    content = json.dumps(templates) + (CHECKOV / "uv.lock").read_text(encoding="utf-8")
    key = f"checkov/{hashlib.sha256(content.encode()).hexdigest()}"
    cache = request.config.cache
    found = cache.get(key, None) if cache else None
    if found is None:
        found = sorted({finding for findings in checked(templates, tmp_path).values() for finding in findings})
        if cache:
            cache.set(key, found)
    assert [tuple(finding) for finding in found] == sorted((waiver["check"], waiver["resource"]) for waiver in WAIVERS)


def test_a_waiver_has_a_reason_and_is_thought_over_every_year() -> None:
    today = datetime.now(UTC).date()
    for waiver in WAIVERS:
        assert set(waiver) == {"check", "resource", "since", "reason"}
        since: date = waiver["since"]
        assert len(waiver["reason"].split()) > 5
        assert today - timedelta(days=366) < since <= today + timedelta(days=1), f"{waiver['check']}: think it over"
