"""Picture every page of the web app into docs/screens/, light and dark, on a desktop and a phone; print what it costs.

Takes a system of its own with a small seeded community; needs the built app and Debian's chromium-headless-shell.
"""

import sys
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from skillsync_testing.member import PASSWORD, Member
from skillsync_testing.system import System, running

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "screens"
BROWSERS = ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")
SIZES = {"desktop": {"width": 1180, "height": 760}, "phone": {"width": 390, "height": 760}}
SCHEMES = ("light", "dark")
COLOURS = 96
PATIENCE_MILLISECONDS = 60_000
COMMUNITY = ("seed", "--people", "40", "--weeks", "8", "--seed", "5")


def furnish(system: System) -> tuple[Member, dict[str, str]]:
    """A coordinator in the middle of things, and the pages by the names of their pictures."""
    ana = system.member("Ana", "coordinator", "operator").make_profile()
    bo, cleo = system.member("Bo").make_profile(), system.member("Cleo").make_profile()
    for person, offers, wants in ((ana, "guitar", "german"), (bo, "german", "guitar"), (cleo, "baking", "guitar")):
        person.offer(offers)
        person.offer(wants, "want")
    finalized = ana.finalized_exchange_with(bo)["id"]
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
    return ana, {
        "home": "/",
        "matches": "/find",
        "find": "/find?tab=offers",
        "person": f"/people/{bo.id}",
        "profile": "/me",
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
    height = min(page.evaluate("document.documentElement.scrollHeight"), 1500)
    size = page.viewport_size or SIZES["desktop"]
    drawn = page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": size["width"], "height": height})
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
            if (size, scheme) == ("desktop", "light"):
                cost(page)
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


def cost(page: Page) -> None:
    """Print what the first load takes, with nothing in the browser's cache."""
    page.context.new_cdp_session(page).send("Network.clearBrowserCache")
    page.reload()
    settle(page)
    read: Callable[[str], Any] = page.evaluate
    entries = "performance.getEntries().filter(e => e.transferSize)"
    files = read(f"{entries}.filter(e => !e.name.includes('/v1/')).map(e => e.encodedBodySize)")
    calls = read(f"{entries}.filter(e => e.name.includes('/v1/')).map(e => e.encodedBodySize)")
    timing = read("performance.getEntriesByType('navigation')[0].toJSON()")
    painted = read("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0")
    say(f"files of the app: {sum(files):,} bytes in {len(files)} requests; API: {sum(calls):,} bytes in {len(calls)}")
    say(f"interactive after {timing['domInteractive']:.0f} ms, first content after {painted:.0f} ms")


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
