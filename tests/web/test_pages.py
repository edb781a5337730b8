"""Every page, looked at by axe; and what the first one costs."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from skillsync_testing.member import Member
from skillsync_testing.system import System

from .conftest import DESKTOP, PHONE, open_dialog, violations

pytestmark = pytest.mark.parametrize("system", ["sqlite"], indirect=True, scope="session")

MOST_FIRST_BYTES = 250_000


# What opens each dialog of each file that has any: the page, its buttons in turn, and how the dialog's name begins.
Opening = tuple[str, tuple[str, ...], str]
DIALOGS: dict[str, list[Opening]] = {
    "components/OwnOffering.tsx": [
        ("offering", ("Change",), "Change “Guitar”"),
        ("offering", ("Delete",), "Delete “Guitar”?"),
    ],
    "pages/Me.tsx": [
        ("me", ("Add",), "What is it?"),
        ("me", ("Add", "Propose it"), "Propose a skill"),
    ],
    "pages/Settings.tsx": [("settings", ("Erase my account",), "Erase your account?")],
    "pages/community/Members.tsx": [("members", ("Suspend",), "Suspend ")],
    "pages/exchanges/Actions.tsx": [
        ("proposed", ("Decline",), "Decline this proposal?"),
        ("agreed", ("Cancel the exchange",), "Cancel this exchange?"),
        ("finalized", ("Reverse",), "Reverse this exchange?"),
        ("draft", ("Delete the draft",), "Delete this draft?"),
    ],
}
# These need a fault first; their journeys show them to axe.
SHOWN_BY_JOURNEYS = {"auth/Expired.tsx", "pages/operations/Redrive.tsx"}
SOURCES = Path(__file__).resolve().parents[2] / "web" / "src"


@pytest.fixture(scope="module")
def furnished(system: System) -> tuple[Member, dict[str, str]]:
    """A coordinator and operator with something on every page, and every page's path."""
    cora = system.member("Cora", "coordinator", "operator").make_profile()
    bo = system.member("Bo").make_profile()
    offering = cora.offer("guitar")
    cora.offer("german", "want")
    bo.offer("german")
    bo.offer("guitar", "want")
    soon = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    ending = cora.post("/offerings", {"kind": "offer", "skill": "singing", "expires_at": soon}).json()["id"]
    finalized = cora.finalized_exchange_with(bo)["id"]
    legs = {"a": {"giver": "me", "receiver": cora.id, "skill": "german", "minutes": 90}}
    proposed = bo.draft({"title": "German over tea", "note": "Shall we?", "legs": legs})["id"]
    bo.propose(proposed)
    agreed = bo.draft({"title": "German on a walk", "legs": legs})["id"]
    bo.propose(agreed)
    cora.accept(agreed, 1)
    draft = cora.draft({"legs": {"a": {"giver": "me", "receiver": bo.id, "minutes": 60}}})["id"]
    return cora, {
        "home": "/",
        "matches": "/find",
        "offers": "/find?tab=offers",
        "people": "/find?tab=members",
        "person": f"/people/{bo.id}",
        "offering": f"/offerings/{offering['id']}",
        "renewal": f"/offerings/{ending}?renew",
        "me": "/me",
        "exchanges": "/transactions",
        "new": "/transactions/new",
        "proposed": f"/transactions/{proposed}",
        "counter-offer": f"/transactions/{proposed}/edit",
        "agreed": f"/transactions/{agreed}",
        "finalized": f"/transactions/{finalized}",
        "draft": f"/transactions/{draft}",
        "editor": f"/transactions/{draft}/edit",
        "hours": "/hours",
        "inbox": "/inbox",
        "settings": "/settings",
        "figures": "/analytics",
        "members": "/community/members",
        "skills": "/community/skills",
        "system": "/operations",
        "trail": f"/operations/trail?exchange={finalized}",
        "nothing": "/no-such-page",
    }


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
    visit: Callable[..., Any], furnished: tuple[Member, dict[str, str]], look: dict[str, Any], log_in: str
) -> None:
    cora, pages = furnished
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
    for path in pages.values():
        visitor.open(path)
        settled(page)
        found[path] = violations(page)
        width = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert width <= 0, f"{path} is wider than the window by {width}"
    assert {path: faults for path, faults in found.items() if faults} == {}


@pytest.mark.parametrize("look", [LOOKS[0].values[0], pytest.param(LOOKS[1].values[0], marks=pytest.mark.prove)])
def test_axe_finds_nothing_on_any_dialog(
    visit: Callable[..., Any], furnished: tuple[Member, dict[str, str]], look: dict[str, Any]
) -> None:
    having = {
        str(file.relative_to(SOURCES))
        for file in SOURCES.rglob("*.tsx")
        if re.search(r"<Modal\b", file.read_text("utf-8"))
    }
    assert having == DIALOGS.keys() | SHOWN_BY_JOURNEYS, "a file with a dialog that axe is not shown"
    cora, pages = furnished
    visitor = visit(**look | {"locale": "en-GB"})
    page = visitor.log_in(cora.email)
    visitor.heading("Hello, Cora")
    found: dict[str, list[str]] = {}
    for where, buttons, name in (one for dialogs in DIALOGS.values() for one in dialogs):
        if not page.url.endswith(pages[where]):
            visitor.open(pages[where])
        for button in buttons:
            page.get_by_role("button", name=button, exact=True).first.click()
        dialog = open_dialog(page, re.compile(f"^{re.escape(name)}"))
        found[name] = violations(page, "[role=dialog]")
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
    # What opens without being a dialog.
    visitor.open(pages["new"])
    page.get_by_role("combobox", name="With whom?").click()
    expect(page.get_by_role("option", name="Bo", exact=True).first).to_be_visible()
    found["list of people"] = violations(page, "[role=listbox]")
    assert {name: faults for name, faults in found.items() if faults} == {}


def test_a_page_can_be_used_by_the_keyboard_alone(
    visit: Callable[..., Any], furnished: tuple[Member, dict[str, str]]
) -> None:
    cora, pages = furnished
    visitor = visit()
    page = visitor.log_in(cora.email, path=pages["proposed"])
    visitor.heading("German over tea")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Decline").focus()
    page.keyboard.press("Enter")
    dialog = open_dialog(page, "Decline this proposal?")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Decline")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("link", name="Counter-offer")).to_be_focused()
    page.keyboard.press("Enter")
    visitor.heading("Counter-offer")
    expect(page.get_by_role("main")).to_be_focused()


# When the page has painted something and, from the last task on that kept it busy for more than 50 ms, answers at once.
INTERACTIVE = """async () => {
  const busy = [];
  new PerformanceObserver(list => busy.push(...list.getEntries())).observe({type: "longtask", buffered: true});
  await new Promise(done => setTimeout(done));
  const painted = performance.getEntriesByName("first-contentful-paint")[0].startTime;
  return {painted, interactive: Math.max(painted, ...busy.map(one => one.startTime + one.duration))};
}"""


def test_the_first_load_is_small(visit: Callable[..., Any], furnished: tuple[Member, dict[str, str]]) -> None:
    cora, _ = furnished
    visitor = visit()
    page = visitor.log_in(cora.email)
    visitor.heading("Hello, Cora")
    visitor.context.new_cdp_session(page).send("Network.clearBrowserCache")
    page.reload()
    visitor.heading("Hello, Cora")
    settled(page)
    took: list[tuple[str, int]] = page.evaluate(
        "performance.getEntries().filter(e => e.transferSize).map(e => [e.name, e.encodedBodySize])"
    )
    files = [size for name, size in took if "/v1/" not in name]
    answers = [size for name, size in took if "/v1/" in name]
    times = page.evaluate(INTERACTIVE)
    print(  # noqa: T201 - with -s, for people
        f"first load: {sum(files):,} bytes in {len(files)} requests, {sum(answers):,} bytes of data in {len(answers)}; "
        f"first content after {times['painted']:.0f} ms, interactive after {times['interactive']:.0f} ms"
    )
    assert sum(files) < MOST_FIRST_BYTES
