"""Picture every page of the web app into docs/screens/, light and dark, on a desktop and a phone.

Takes a system of its own with a small seeded community; needs the built app and Debian's chromium-headless-shell.
"""

import sys
import tempfile
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from skillsync_testing.member import PASSWORD, Member, swap
from skillsync_testing.system import System, eventually, running

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "screens"
BROWSERS = ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")
SIZES = {"desktop": {"width": 1180, "height": 760}, "phone": {"width": 390, "height": 760}}
SCHEMES = ("light", "dark")
COLOURS = 96
PATIENCE_MILLISECONDS = 60_000
TEXT = "Rounds and folk songs. No need to read notes."
DEAD_LETTERS = 3
COMMUNITY = ("seed", "--people", "40", "--weeks", "8", "--seed", "5")


def furnish(system: System) -> tuple[Member, dict[str, str]]:
    """A coordinator in the middle of things, and the pages by the names of their pictures."""
    ana = system.member("Ana", "coordinator", "operator").make_profile()
    bo, cleo, dora = (system.member(name).make_profile() for name in ("Bo", "Cleo", "Dora"))
    exchanges = (
        (ana, "guitar", "german"),
        (bo, "german", "guitar"),
        (cleo, "baking", "guitar"),
        (dora, "german", "baking"),
    )
    for person, offers, wants in exchanges:
        person.offer(offers)
        person.offer(wants, "want")
    soon = (datetime.now(UTC) + timedelta(days=6)).isoformat()
    ending = ana.post("/offerings", {"kind": "offer", "skill": "singing", "text": TEXT, "expires_at": soon}).json()[
        "id"
    ]
    finalized = ana.draft(swap(bo) | {"settlement": "hours"})["id"]
    ana.propose(finalized)
    bo.accept(finalized, 1)
    bo.finalize(finalized, 1)
    hour = {"giver": bo.id, "receiver": ana.id, "skill": "german", "minutes": 90}
    back = {"giver": ana.id, "receiver": bo.id, "skill": "guitar", "minutes": 90}
    proposed = bo.draft(
        {"title": "German over tea", "note": "Tuesdays suit me best. Shall we?", "legs": {"a": hour, "b": back}}
    )["id"]
    bo.propose(proposed)
    bread = {"a": {"giver": cleo.id, "receiver": ana.id, "skill": "baking", "minutes": 120}}
    agreed = cleo.draft({"title": "Sourdough from scratch", "legs": bread})["id"]
    cleo.propose(agreed)
    ana.accept(agreed, 1)
    draft = ana.draft({"title": "Chords for beginners", "legs": {"a": back | {"receiver": cleo.id}}})["id"]
    assert bo.post("/skills/proposals", {"name": "Bookbinding by hand", "category": "crafts"}).is_success
    assert ana.post("/users/me/exports").is_success
    eventually(lambda: ana.get("/users/me/exports").json()["items"][0]["state"] == "ready", what="the export is made")
    for _ in range(DEAD_LETTERS):
        system.aws("sqs").send_message(QueueUrl=system.status["queues"]["analytics"]["dlq_url"], MessageBody="{}")
    return ana, {
        "home": "/",
        "matches": "/find",
        "find": "/find?tab=offers",
        "person": f"/people/{bo.id}",
        "profile": "/me",
        "renewal": f"/offerings/{ending}?renew",
        "exchanges": "/transactions",
        "new-exchange": "/transactions/new",
        "exchange": f"/transactions/{proposed}",
        "agreed": f"/transactions/{agreed}",
        "draft": f"/transactions/{draft}/edit",
        "hours": "/hours",
        "inbox": "/inbox",
        "settings": "/settings",
        "figures": "/analytics",
        "members": "/community/members",
        "new-skills": "/community/skills",
        "system": "/operations",
        "trail": f"/operations/trail?exchange={finalized}",
        "nothing": "/no-such-page",
    }


def settle(page: Page) -> None:
    """Wait until the page shows what it is about."""
    page.get_by_role("heading", level=1).wait_for()
    page.locator("[role=status][aria-label], .mantine-Loader-root").first.wait_for(state="detached")
    page.wait_for_load_state("networkidle")


def picture(page: Page, name: str) -> None:
    """Write the page as a small PNG, as high as it is but not higher than two windows."""
    size = page.viewport_size
    assert size, "a page has a size"
    height = min(page.evaluate("document.documentElement.scrollHeight"), 1500)
    # What is as high as the window, as the menu, is so in the picture too.
    page.set_viewport_size({"width": size["width"], "height": height})
    drawn = page.screenshot(animations="disabled")
    page.set_viewport_size(size)
    image = Image.open(BytesIO(drawn)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    image.save(FOLDER / f"{name}.png", optimize=True)


def tour(browser: Browser, web: str, ana: Member, pages: dict[str, str], only: list[str]) -> None:
    """Picture all pages in every size and scheme, with one log-in for each."""
    for size, viewport in SIZES.items():
        for scheme in SCHEMES:
            context = browser.new_context(viewport=viewport, color_scheme=scheme, locale="en-GB")  # type: ignore[arg-type]
            context.set_default_timeout(PATIENCE_MILLISECONDS)
            page = context.new_page()

            def shoot(name: str, page: Page = page, end: str = f"{size}-{scheme}") -> None:
                if not only or name in only:
                    settle(page)
                    picture(page, f"{name}.{end}")

            page.goto(web)
            shoot("welcome")
            page.goto(f"{web}/sign-up")
            shoot("sign-up")
            page.goto(web)
            log_in(page, ana)
            for name, path in pages.items():
                if not only or name in only:
                    page.goto(web + path)
                    shoot(name)
            context.close()


def log_in(page: Page, person: Member) -> None:
    """By the pool's page."""
    page.get_by_role("button", name="Log in").first.click()
    page.locator("#username").fill(person.email)
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Hello").wait_for()


def write_index(pages: list[str]) -> None:
    """The page that shows them all."""
    lines = ["# The pages", "", "Made by `scripts/screens.py` from a seeded community.", ""]
    for name in pages:
        lines += [f"## {name}", ""]
        lines += [f"![{name}, {size}, {scheme}]({name}.{size}-{scheme}.png)" for size in SIZES for scheme in SCHEMES]
        lines.append("")
    (FOLDER / "README.md").write_text("\n".join(lines), encoding="utf-8")


def say(line: str) -> None:
    """One line to who waits."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(only: list[str]) -> None:
    """Make all pictures, or those named."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    executable = next(path for path in BROWSERS if Path(path).exists())
    with tempfile.TemporaryDirectory(prefix="skillsync-screens-") as folder, running(Path(folder)) as system:
        played = system.command(*COMMUNITY)
        say(played.stdout.strip().splitlines()[-1] if played.stdout.strip() else played.stderr)
        ana, pages = furnish(system)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
            tour(browser, system.status["web"], ana, pages, only)
            browser.close()
        write_index(["welcome", "sign-up", *pages])


if __name__ == "__main__":
    main(sys.argv[1:])
