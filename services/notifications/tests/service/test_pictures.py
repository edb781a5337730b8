"""docs/mails shows every letter in every language, in pictures that a repository can carry."""

from pathlib import Path

import pytest

from skillsync_notifications.entities import Template
from skillsync_notifications.service import Templates

FOLDER = Path(__file__).resolve().parents[4] / "docs" / "mails"
MOST_BYTES = 40_000


@pytest.mark.parametrize("template", Template)
def test_every_letter_is_shown_in_every_language(templates: Templates, template: Template) -> None:
    shown = (FOLDER / "README.md").read_text()
    for language in templates.languages:
        picture = FOLDER / f"{template.value}.{language}.png"
        assert picture.exists(), "draw it: scripts/mail_pictures.py"
        assert f"({picture.name})" in shown
        assert picture.stat().st_size <= MOST_BYTES
