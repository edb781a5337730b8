"""A browser before the embedded system, and people who use it there."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request, expect, sync_playwright

from skillsync_testing.member import PASSWORD, Member
from skillsync_testing.system import System

BROWSERS = ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")
PATIENCE_MILLISECONDS = 30_000
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
AXE = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
# What axe calls WCAG 2.2 AA: its rules by the version that brought them.
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window.

    One for each file, and gone before the next file's tests: Playwright keeps an event loop running in this thread
    meanwhile, in which nothing else could run one.
    """
    executable = next(path for path in BROWSERS if Path(path).exists())
    with sync_playwright() as playwright:
        # Root, which continuous integration often is, has no sandbox; the pages are ours.
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


class Visitor:
    """A person before a browser of their own."""

    def __init__(self, system: System, context: BrowserContext) -> None:
        self.system = system
        self.context = context
        self.page = context.new_page()
        self.errors: list[str] = []
        self.requests: list[tuple[str, str]] = []
        self.keys: set[tuple[str, str]] = set()
        self._watch(self.page)

    def _watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self._hear(message.type, message.text))
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        self.requests.append((request.method, request.url))
        if key := request.headers.get("idempotency-key"):
            self.keys.add((request.url, key))

    def _hear(self, kind: str, text: str) -> None:
        # Chromium reports every refused request as an error, and refusals are part of the journeys.
        if kind == "error" and "Failed to load resource" not in text:
            self.errors.append(text)

    def open(self, path: str = "/") -> Page:
        """Go to an address of the app."""
        self.page.goto(self.system.status["web"] + path)
        return self.page

    def another_window(self, path: str) -> Page:
        """A second window of the same log-in, as a browser gives it for a duplicated tab."""
        state = self.page.evaluate("JSON.stringify(sessionStorage)")
        page = self.context.new_page()
        self._watch(page)
        page.goto(self.system.status["web"] + "/config.json")
        page.evaluate("text => Object.entries(JSON.parse(text)).forEach(e => sessionStorage.setItem(...e))", state)
        page.goto(self.system.status["web"] + path)
        return page

    def log_in(self, email: str, password: str = PASSWORD, path: str = "/") -> Page:
        """By the pool's own page, as people do."""
        page = self.open(path)
        page.get_by_role("button", name="Log in").first.click()
        self.give_password(email, password)
        return page

    def give_password(self, email: str, password: str = PASSWORD) -> None:
        """On the pool's page."""
        self.page.locator("#username").fill(email)
        self.page.locator("#password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(re.compile(re.escape(self.system.status["web"])))

    def heading(self, text: str) -> None:
        """Wait until the page's one heading says so."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(text)

    def violations(self) -> list[str]:
        """What axe finds on the page as it is."""
        return violations(self.page)


def violations(page: Page, within: str = "html") -> list[str]:
    """What axe finds on a page, or within a part of it: rule and element, one a line."""
    if not page.evaluate("'axe' in window"):
        # Not by a script element: the page's policy lets none in.
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate("([part, tags]) => axe.run(part, {runOnly: tags})", [within, WCAG])
    return [f"{rule['id']}: {node['html'][:160]}" for rule in found["violations"] for node in rule["nodes"]]


def open_dialog(page: Page, name: str | re.Pattern[str]) -> Locator:
    """The dialog of this name, once it has the focus and is there as it stays: half faded in, its words are faint."""
    dialog = page.get_by_role("dialog", name=name)
    expect(dialog.locator(":focus")).to_have_count(1)
    expect(dialog).to_have_css("opacity", "1")
    page.evaluate("Promise.all(document.getAnimations().map(one => one.finished.catch(() => {})))")
    return dialog


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(system: System, browser: Browser) -> Iterator[Visit]:
    """`visit()` is a new browser profile; no page of it may have failed at the end."""
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    visitors: list[Visitor] = []

    def make(**options: Any) -> Visitor:
        context = browser.new_context(**{"viewport": DESKTOP, "locale": "en-GB", **options})
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        visitors.append(Visitor(system, context))
        return visitors[-1]

    yield make
    for visitor in visitors:
        visitor.context.close()
    assert [error for visitor in visitors for error in visitor.errors] == []


@pytest.fixture
def member(system: System) -> Callable[..., Member]:
    """`member("Ana", "coordinator")`: a new person with a profile."""

    def make(name: str, *groups: str) -> Member:
        return system.member(name, *groups).make_profile()

    return make
