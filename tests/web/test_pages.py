"""Every page, looked at by axe; and what the first one costs."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from skillsync_testing.member import Member
from skillsync_testing.system import System

from .conftest import DESKTOP, PHONE, violations

pytestmark = pytest.mark.parametrize("system", ["sqlite"], indirect=True, scope="session")

MOST_FIRST_BYTES = 250_000


@pytest.fixture(scope="module")
def furnished(system: System) -> tuple[Member, list[str]]:
    """A coordinator and operator with something on every page, and every page's path."""
    cora = system.member("Cora", "coordinator", "operator").make_profile()
    bo = system.member("Bo").make_profile()
    offering = cora.offer("guitar")
    cora.offer("german", "want")
    bo.offer("german")
    bo.offer("guitar", "want")
    finalized = cora.finalized_exchange_with(bo)["id"]
    legs = {"a": {"giver": "me", "receiver": cora.id, "skill": "german", "minutes": 90}}
    proposed = bo.draft({"title": "German over tea", "note": "Shall we?", "legs": legs})["id"]
    bo.propose(proposed)
    draft = cora.draft({"legs": {"a": {"giver": "me", "receiver": bo.id, "minutes": 60}}})["id"]
    return cora, [
        "/",
        "/find",
        "/find?tab=offers",
        "/find?tab=members",
        f"/people/{bo.id}",
        f"/offerings/{offering['id']}",
        "/me",
        "/transactions",
        "/transactions/new",
        f"/transactions/{proposed}",
        f"/transactions/{proposed}/edit",
        f"/transactions/{draft}/edit",
        "/hours",
        "/inbox",
        "/settings",
        "/analytics",
        "/community/members",
        "/community/skills",
        "/operations",
        f"/operations/trail?exchange={finalized}",
        "/no-such-page",
    ]


def settled(page: Page) -> None:
    """Wait until the page shows what it is about."""
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("[role=status][aria-label], .mantine-Loader-root")).to_have_count(0)


LOOKS = [
    pytest.param({"viewport": DESKTOP, "color_scheme": "light", "locale": "en-GB"}, "Log in", id="desktop-light"),
    pytest.param(
        {"viewport": PHONE, "color_scheme": "dark", "locale": "de-DE"},
        "Anmelden",
        id="phone-dark-german",
        marks=pytest.mark.prove,  # the same pages once more
    ),
]


@pytest.mark.parametrize(("look", "log_in"), LOOKS)
def test_axe_finds_nothing_on_any_page(
    visit: Callable[..., Any], furnished: tuple[Member, list[str]], look: dict[str, Any], log_in: str
) -> None:
    cora, paths = furnished
    visitor = visit(**look)
    page = visitor.open("/")
    found = {"welcome": violations(page)}
    page = visitor.open("/sign-up")
    settled(page)
    found["/sign-up"] = violations(page)
    visitor.open("/")
    page.get_by_role("button", name=log_in).first.click()
    visitor.give_password(cora.email)
    settled(page)
    for path in paths:
        visitor.open(path)
        settled(page)
        found[path] = violations(page)
        width = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert width <= 0, f"{path} is wider than the window by {width}"
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_a_page_can_be_used_by_the_keyboard_alone(
    visit: Callable[..., Any], furnished: tuple[Member, list[str]]
) -> None:
    cora, paths = furnished
    proposed = next(path for path in paths if path.startswith("/transactions/") and path.endswith("/edit"))[:-5]
    visitor = visit()
    page = visitor.log_in(cora.email, path=proposed)
    visitor.heading("German over tea")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Decline").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Decline this proposal?")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Decline")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("link", name="Counter-offer")).to_be_focused()
    page.keyboard.press("Enter")
    visitor.heading("Counter-offer")
    expect(page.get_by_role("main")).to_be_focused()


def test_the_first_load_is_small(visit: Callable[..., Any], furnished: tuple[Member, list[str]]) -> None:
    cora, _ = furnished
    visitor = visit()
    page = visitor.log_in(cora.email)
    visitor.heading("Hello, Cora")
    visitor.context.new_cdp_session(page).send("Network.clearBrowserCache")
    page.reload()
    visitor.heading("Hello, Cora")
    settled(page)
    files: list[dict[str, Any]] = page.evaluate(
        "performance.getEntries().filter(e => e.transferSize && !e.name.includes('/v1/'))"
        ".map(e => ({name: e.name, bytes: e.encodedBodySize}))"
    )
    taken = sum(file["bytes"] for file in files)
    interactive = page.evaluate("performance.getEntriesByType('navigation')[0].domInteractive")
    print(f"first load: {taken:,} bytes in {len(files)} requests, interactive after {interactive:.0f} ms")  # noqa: T201
    assert taken < MOST_FIRST_BYTES
