"""Draw every mail as a browser shows it, in each language, into docs/mails/; and write the page that shows them.

Needs Debian's chromium-headless-shell and fonts-liberation, which nothing else here needs. The data are samples.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image, ImageChops

from skillsync_notifications.clients.letters import compose
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

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "mails"
BROWSERS = ("chromium-headless-shell", "chromium", "google-chrome")
LANGUAGES = {"en": "English", "de": "German"}
IN_THE_DARK = (Template.PROPOSAL_RECEIVED, Template.WEEKLY_DIGEST)
WIDTH, TALLEST, COLOURS = 640, 1600, 64
BROWSER_SECONDS = 60

SENT = datetime(2030, 6, 24, 7, 30, tzinfo=UTC)
MEETING = datetime(2030, 7, 1, 16, tzinfo=UTC)


@dataclass(frozen=True)
class Sample:
    """What a language's letters tell of: people write in their own words."""

    time_zone: str
    title: str
    note: str
    reason: str
    other_title: str
    text: str
    skills: tuple[str, str]


SAMPLES = {
    "en": Sample(
        "Europe/Dublin",
        "Guitar for German",
        "Hi Bo,\nI have played for ten years and would like to read Kafka at last.",
        "I am away that week.\nShall we try again in August?",
        "Bread for yoga",
        "For beginners of every age.",
        ("classical-guitar", "german"),
    ),
    "de": Sample(
        "Europe/Berlin",
        "Gitarre gegen Deutsch",
        "Hallo Bo,\nich spiele seit zehn Jahren und möchte endlich Kafka lesen.",
        "In der Woche bin ich weg.\nVersuchen wir es im August noch einmal?",
        "Brot gegen Yoga",
        "Für Anfänger jeden Alters.",
        ("classical-guitar", "german"),
    ),
}


def letter(templates: Templates, template: Template, language: str) -> Letter:
    """The letter of a template, as Bo gets it."""
    sample = SAMPLES[language]
    mail = Mail("0190f2a4-5b7c-7000-8000-00000000000a", "e", "bo", template, "email", "t", "ana", SENT)
    is_bulk = template in (Template.WEEKLY_DIGEST, Template.COORDINATORS_BRIEF, Template.OFFERING_EXPIRES)
    return templates.write(
        mail,
        Contact("bo@people.example", "Bo", language, sample.time_zone),
        matter(template, sample),
        SENT,
        unsubscribe_url="https://skillsync.example/v1/unsubscribe/0190f2a45b7c" if is_bulk else None,
    )


def matter(template: Template, sample: Sample) -> Matter | None:
    """What the letter tells of."""
    listed = ListedExchange("t2", sample.other_title, ("Cleo", "Dana"), MEETING + timedelta(days=1))
    mine = ListedExchange("t1", sample.title, ("Ana",), MEETING)
    week = (SENT - timedelta(days=7), SENT)
    match template:
        case Template.WELCOME:
            return None
        case Template.SOFT_LIMIT:
            return Limit(-330, -600)
        case Template.WEEKLY_DIGEST:
            found = (FoundOffering("o1", "yoga", "Cleo"), FoundOffering("o2", sample.skills[0], "Dana"))
            return Digest(*week, (listed,), (), (mine, listed), found, 150, 90, 210)
        case Template.COORDINATORS_BRIEF:
            offered = (SkillCount(sample.skills[0], 31), SkillCount("yoga", 18))
            return Brief(*week, 14, 1204, None, 96, 71, 8430, offered, (SkillCount(sample.skills[1], 42),))
        case Template.OFFERING_EXPIRES:
            return ExpiringOffering("o1", "offer", sample.skills[0], MEETING, sample.text)
        case _:
            return exchange(template, sample)


def exchange(template: Template, sample: Sample) -> Exchange:
    """Guitar for German, in the state that the letter tells of."""
    is_new = template in (Template.PROPOSAL_RECEIVED, Template.PROPOSAL_CHANGED, Template.PROPOSAL_REMINDER)
    is_over = template in (Template.DECLINED, Template.CANCELLED)
    return Exchange(
        id="0190f2a4-5b7c-7000-8000-00000000000b",
        title=sample.title,
        note=sample.note,
        scheduled_for=MEETING,
        updated_at=SENT,
        names={"ana": "Ana", "bo": "Bo"},
        legs=(ExchangeLeg("Ana", "Bo", sample.skills[0], 60), ExchangeLeg("Bo", "Ana", sample.skills[1], 90)),
        version=4,
        reason=sample.reason if is_over else "",
        is_agreed=not is_new and template is not Template.DECLINED,
        own_minutes=150,
        expires_at=MEETING,
        finalizes_at=MEETING + timedelta(days=14),
    )


def draw(browser: str, html: str, picture: Path, *, is_dark: bool) -> None:
    """Have the browser draw a page, as high as it is, with few colours."""
    with tempfile.TemporaryDirectory(prefix="skillsync-mail-") as workplace:
        page, drawn = Path(workplace) / "mail.html", Path(workplace) / "mail.png"
        page.write_text(html)
        subprocess.run(  # noqa: S603 - a browser of this machine, on a page of ours
            [
                browser,
                # The page is ours and fetches nothing; as root the browser has no sandbox.
                "--no-sandbox",
                "--hide-scrollbars",
                f"--blink-settings=preferredColorScheme={0 if is_dark else 1}",
                f"--window-size={WIDTH},{TALLEST}",
                f"--screenshot={drawn}",
                page.as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=BROWSER_SECONDS,
        )
        with Image.open(drawn) as image:
            cropped(image.convert("RGB")).quantize(COLOURS, dither=Image.Dither.NONE).save(picture, optimize=True)


def cropped(image: Image.Image) -> Image.Image:
    """The image without the empty rest below the mail."""
    background = Image.new("RGB", image.size, image.getpixel((0, image.height - 1)))
    box = ImageChops.difference(image, background).getbbox()
    return image.crop((0, 0, image.width, min(image.height, (box[3] if box else 0) + 24)))


def headers(letter: Letter) -> str:
    """The headers of a letter as it is handed to SES, and what it is made of."""
    raw = compose(letter, "no-reply@mail.skillsync.example").decode()
    top = re.sub(r'boundary="[^"]*"', 'boundary="…"', raw.partition("\r\n\r\n")[0].replace("\r\n", "\n"))
    return f"```\n{top}\n```"


def page(templates: Templates) -> str:
    """The Markdown page that shows the pictures."""
    lines = [
        "# The mails",
        "",
        "Every mail, drawn by a browser from sample data: `.venv/bin/python scripts/mail_pictures.py` draws them anew.",
        "Each has a plain text too, which says the same. Dates are in the recipient's time zone and language.",
        "",
        f"| Mail | {' | '.join(LANGUAGES.values())} |",
        f"|---|{'---|' * len(LANGUAGES)}",
    ]
    for template in Template:
        cells = [f"![{template.value}, {name}]({template.value}.{code}.png)" for code, name in LANGUAGES.items()]
        lines.append(f"| {template.value} | {' | '.join(cells)} |")
    lines += ["", "## In the dark", "", "Where the reader's device is set to dark:", ""]
    lines += [f"![{template.value}, dark]({template.value}.dark.png)" for template in IN_THE_DARK]
    digest, accepted = (letter(templates, template, "en") for template in (Template.WEEKLY_DIGEST, Template.ACCEPTED))
    lines += ["", "## The headers", "", "A digest, which can be unsubscribed with one click:", "", headers(digest)]
    lines += ["", "An agreement, with a file for the calendar:", "", headers(accepted), "", "And its text:", ""]
    return "\n".join([*lines, f"```\n{accepted.text}```", ""])


def main() -> int:
    """Draw them all; return the exit status."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if not browser:
        sys.stderr.write("A browser is needed: apt-get install chromium-headless-shell fonts-liberation\n")
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    templates = Templates("https://skillsync.example")
    for template in Template:
        for language in LANGUAGES:
            html = letter(templates, template, language).html
            draw(browser, html, FOLDER / f"{template.value}.{language}.png", is_dark=False)
    for template in IN_THE_DARK:
        draw(browser, letter(templates, template, "en").html, FOLDER / f"{template.value}.dark.png", is_dark=True)
    (FOLDER / "README.md").write_text(page(templates))
    return 0


if __name__ == "__main__":
    sys.exit(main())
