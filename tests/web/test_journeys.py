"""People use SkillSync in a real browser, before the real processes."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

import pytest
from playwright.sync_api import Page, expect

from skillsync_testing.member import PASSWORD, Member
from skillsync_testing.system import System, eventually

from .conftest import open_dialog, violations

# What the browser sees is the same with real parts behind the services.
pytestmark = pytest.mark.parametrize("system", ["sqlite"], indirect=True, scope="session")

Visit = Callable[..., Any]
MakeMember = Callable[..., Member]


def sign_up(visitor: Any, name: str) -> str:
    """From the front page to the home of a new member; their address."""
    email = f"{name.lower()}-{uuid4().hex[:10]}@members.skillsync.example"
    page = visitor.open("/")
    page.get_by_role("link", name="Sign up").click()
    page.get_by_label("E-mail address").fill(email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.get_by_label("Code 1/6").click()
    page.keyboard.type("123456")
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    visitor.give_password(email)
    page.get_by_label("First name").fill(name)
    page.get_by_label("Last name").fill("Testperson")
    page.get_by_role("button", name="Start").click()
    visitor.heading(f"Hello, {name}")
    return email


def choose(page: Page, label: str, typed: str, option: str, nth: int = 0) -> None:
    """Pick from a list that is searched by typing."""
    field = page.get_by_role("combobox", name=label).nth(nth)
    field.click()
    field.fill(typed)
    page.get_by_role("option", name=option, exact=True).click()


def saved(page: Page) -> None:
    """Wait until the draft is saved."""
    expect(page.get_by_test_id("save-state")).to_have_text("Saved")


def proposed_swap(ana: Member, bo: Member) -> str:
    """The path of an exchange that Ana has proposed to Bo through the API."""
    legs = {
        "a": {"giver": "me", "receiver": bo.id, "skill": "guitar", "minutes": 60},
        "b": {"giver": bo.id, "receiver": "me", "skill": "german", "minutes": 60},
    }
    id = ana.draft({"title": "Guitar for German", "settlement": "hours", "legs": legs})["id"]
    ana.propose(id)
    return f"/transactions/{id}"


def test_two_people_go_from_sign_up_to_the_receipt(visit: Visit) -> None:
    ana, bo = visit(), visit()
    name = f"Bo{uuid4().hex[:6]}"
    sign_up(ana, "Ana")
    sign_up(bo, name)

    page = ana.page
    page.get_by_role("link", name="New exchange").first.click()
    choose(page, "With whom?", name, name)
    page.get_by_role("button", name="Write the draft").click()
    ana.heading("Draft")
    page.get_by_label("Title").fill("Guitar for German")
    choose(page, "Skill", "guitar", "Guitar", 0)
    choose(page, "Skill", "german", "German", 1)
    saved(page)
    page.get_by_role("button", name="Propose").click()
    ana.heading("Guitar for German")

    page = bo.page
    page.get_by_role("link", name="Exchanges").click()
    page.get_by_role("link", name="Guitar for German").click()
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("button", name="It took place")).to_be_visible()

    # Ana's page has seen it by itself.
    ana.page.get_by_role("button", name="It took place").click()
    expect(ana.page.get_by_text("done", exact=True)).to_be_visible()
    expect(bo.page.get_by_text("done", exact=True)).to_be_visible()

    page = ana.page
    page.get_by_role("link", name="Hours").click()
    expect(page.get_by_role("link", name="Guitar", exact=True)).to_be_visible()
    expect(page.get_by_text("−1 h")).to_be_visible()
    page.get_by_role("link", name=re.compile("Inbox")).click()
    expect(page.get_by_role("link", name="An exchange is done: your receipt")).to_be_visible()


def test_terms_that_change_under_the_reader_are_shown_before_they_can_be_agreed_to(
    visit: Visit, member: MakeMember
) -> None:
    ana, bo = member("Ana"), member("Bo")
    path = proposed_swap(ana, bo)
    visitor = visit()
    page = visitor.log_in(bo.email, path=path)
    accept = page.get_by_role("button", name="Accept")
    expect(accept).to_be_enabled()

    assert ana.patch(path, {"legs": {"b": {"minutes": 90}}}, 2).status_code == 200
    expect(page.get_by_text("The terms were changed while you were reading")).to_be_visible()
    expect(accept).to_be_disabled()
    expect(page.get_by_role("row", name=re.compile("1 h 30 min"))).to_be_visible()
    assert visitor.violations() == []

    page.get_by_role("button", name="I have read the new terms").click()
    accept.click()
    expect(page.get_by_role("button", name="It took place")).to_be_visible()
    agreed = ana.get(path).json()
    assert (agreed["state"], agreed["terms_rev"]) == ("accepted", 2)


def test_a_double_click_on_any_button_has_one_effect(visit: Visit, member: MakeMember) -> None:
    ana, bo = member("Ana"), member("Bo")
    visitor = visit()
    page = visitor.log_in(ana.email, path=f"/transactions/new?kind=gift&with={bo.id}&gives=guitar")
    expect(page.get_by_role("combobox", name="With whom?")).to_have_value("Bo")
    page.get_by_role("button", name="Write the draft").dblclick()
    visitor.heading("Draft")
    page.get_by_role("button", name="Propose").dblclick()
    visitor.heading("Untitled exchange")
    (mine,) = ana.get("/transactions").json()["items"]
    path = f"/transactions/{mine['id']}"

    other = visit()
    page = other.log_in(bo.email, path=path)
    page.get_by_role("button", name="Accept").dblclick()
    page.get_by_role("button", name="It took place").dblclick()
    page.get_by_role("button", name="Reverse").dblclick()
    page.get_by_label("Why?").fill("It rained.")
    page.get_by_role("dialog").get_by_role("button", name="Reverse").dblclick()
    expect(page.get_by_role("link", name="This reverses an earlier exchange")).to_be_visible()
    page.get_by_role("button", name="Cancel the exchange").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the exchange").dblclick()
    expect(page.get_by_text("Nothing for you to do here now.")).to_be_visible()

    assert [one["state"] for one in bo.get("/transactions").json()["items"]] == ["cancelled", "finalized"]
    done = [entry["action"] for entry in bo.get(f"{path}/history").json()["items"]]
    assert sorted(done) == sorted(set(done))
    # Each thing was asked for under one key, however often it was clicked.
    keys = {*visitor.keys, *other.keys}
    assert len(keys) == len({url for url, _ in keys})


def test_a_log_in_that_ends_in_mid_edit_loses_nothing(visit: Visit, member: MakeMember) -> None:
    ana, bo = member("Ana"), member("Bo")
    id = ana.draft({"legs": {"a": {"giver": "me", "receiver": bo.id, "skill": "guitar", "minutes": 60}}})["id"]
    visitor = visit()
    page = visitor.log_in(ana.email, path=f"/transactions/{id}/edit")
    visitor.heading("Draft")
    saved(page)

    # The access token is refused from now on, and no other is to be had for the refresh token.
    page.route("**/v1/**", lambda route: route.fulfill(status=401, json={"message": "Unauthorized"}))
    page.route("**/oauth2/token", lambda route: route.fulfill(status=400, json={"error": "invalid_grant"}))
    page.get_by_label("Title").fill("What I have written")
    open_dialog(page, "Your log-in has ended")
    assert visitor.violations() == []
    page.unroute_all()
    page.get_by_role("button", name="Log in again").click()
    visitor.give_password(ana.email)
    visitor.heading("Draft")
    expect(page.get_by_label("Title")).to_have_value("What I have written")
    saved(page)
    eventually(lambda: ana.get(f"/transactions/{id}").json()["title"] == "What I have written", what="it is saved")


def test_a_token_that_has_ended_is_renewed_unseen_and_stands_in_no_address(visit: Visit, member: MakeMember) -> None:
    ana = member("Ana")
    visitor = visit()
    page = visitor.log_in(ana.email)
    visitor.heading("Hello, Ana")
    refused: list[str] = []

    def refuse_once(route: Any) -> None:
        if refused:
            route.fallback()
        else:
            refused.append(route.request.url)
            route.fulfill(status=401, json={"message": "Unauthorized"})

    page.route("**/v1/ledger?*", refuse_once)
    page.get_by_role("link", name="Hours").click()
    expect(page.get_by_text("No entries yet")).to_be_visible()
    assert refused
    token = page.evaluate("JSON.parse(Object.entries(sessionStorage).find(e => e[0].startsWith('oidc.user'))[1])")
    for secret in (token["access_token"], token["id_token"], token["refresh_token"]):
        assert all(secret not in url for _, url in visitor.requests)
    assert "code=" not in page.url
    assert page.evaluate("localStorage.length") == page.evaluate(
        "Object.keys(localStorage).filter(k => k.startsWith('mantine') || k.startsWith('skillsync')).length"
    )


def test_two_windows_of_one_draft_do_not_overwrite_each_other(visit: Visit, member: MakeMember) -> None:
    ana, bo = member("Ana"), member("Bo")
    id = ana.draft({"legs": {"a": {"giver": "me", "receiver": bo.id, "skill": "guitar", "minutes": 60}}})["id"]
    visitor = visit()
    first = visitor.log_in(ana.email, path=f"/transactions/{id}/edit")
    visitor.heading("Draft")
    # This window hears of no one else's change before it saves its own.
    first.route(
        f"**/v1/transactions/{id}", lambda route: route.abort() if route.request.method == "GET" else route.fallback()
    )
    second = visitor.another_window(f"/transactions/{id}/edit")
    second.get_by_label("Title").fill("From the second window")
    saved(second)

    first.get_by_label("Message").fill("From the first window")
    expect(first.get_by_test_id("save-state")).not_to_have_text("Saving…")
    first.unroute_all()
    expect(first.get_by_role("alert").filter(has_text="This was changed in another window")).to_be_visible()
    assert violations(first) == []
    draft = ana.get(f"/transactions/{id}").json()
    assert (draft["title"], draft["note"]) == ("From the second window", "")

    first.get_by_role("button", name="Keep what is here").click()
    saved(first)
    kept = ana.get(f"/transactions/{id}").json()
    assert (kept["title"], kept["note"]) == ("", "From the first window")


def test_services_that_are_restarted_in_mid_journey_are_not_noticed(
    system: System, visit: Visit, member: MakeMember
) -> None:
    ana, bo = member("Ana"), member("Bo")
    path = proposed_swap(ana, bo)
    visitor = visit()
    page = visitor.log_in(bo.email, path=path)
    expect(page.get_by_role("button", name="Accept")).to_be_enabled()
    with system.started("restart", "transactions") as restarting:
        page.get_by_role("button", name="Accept").click()
        expect(page.get_by_role("button", name="It took place")).to_be_visible()
        assert restarting.wait(60) == 0
    page.get_by_role("button", name="It took place").click()
    expect(page.get_by_text("done", exact=True)).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_click_whose_answer_is_lost_is_repeated_under_its_key(visit: Visit, member: MakeMember) -> None:
    ana, bo = member("Ana"), member("Bo")
    path = proposed_swap(ana, bo)
    visitor = visit()
    page = visitor.log_in(bo.email, path=path)
    keys: list[str] = []

    def lose_the_first(route: Any) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()  # it has its effect
            route.abort()
        else:
            route.fallback()

    page.route("**/accept", lose_the_first)
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("button", name="It took place")).to_be_visible()
    assert len(keys) == 2
    assert keys[0] == keys[1]


def test_back_and_reload_lead_where_one_was(visit: Visit, member: MakeMember) -> None:
    ana, bo = member("Ana"), member("Bo")
    path = proposed_swap(ana, bo)
    visitor = visit()
    page = visitor.log_in(bo.email, path="/find?tab=offers")
    page.get_by_role("searchbox").fill("nobody wrote this")
    page.wait_for_url(re.compile("q=nobody"))
    page.reload()
    expect(page.get_by_role("searchbox")).to_have_value("nobody wrote this")
    page.get_by_role("link", name="Exchanges").click()
    page.get_by_role("link", name="Guitar for German").click()
    visitor.heading("Guitar for German")
    page.get_by_role("link", name="Counter-offer").click()
    visitor.heading("Counter-offer")
    page.get_by_label("Title").fill("Half a counter-offer")
    page.reload()
    expect(page.get_by_label("Title")).to_have_value("Half a counter-offer")
    page.go_back()
    visitor.heading("Guitar for German")
    assert page.url.endswith(path)
    page.go_back()
    visitor.heading("Exchanges")
    page.go_back()
    visitor.heading("Find")
    expect(page.get_by_role("searchbox")).to_have_value("nobody wrote this")


def test_a_strangers_link_shows_the_same_page_as_a_wrong_id(visit: Visit, member: MakeMember) -> None:
    ana, bo, cleo = member("Ana"), member("Bo"), member("Cleo")
    path = proposed_swap(ana, bo)
    wrong = path[:-12] + "0123456789ab"
    visitor = visit()
    shown: list[str] = []
    for one in (path, wrong, f"{path}/edit", "/transactions/no-id", "/no-such-page"):
        page = visitor.log_in(cleo.email, path=one) if not shown else visitor.open(one)
        visitor.heading("There is nothing here")
        shown.append(page.get_by_role("main").inner_html())
    assert len(set(shown)) == 1


def test_a_coordinator_suspends_and_reinstates_and_decides_on_skills(visit: Visit, member: MakeMember) -> None:
    coordinator, bo = member("Cora", "coordinator"), member(f"Bo{uuid4().hex[:6]}")
    skill = f"Skill {uuid4().hex[:8]}"
    assert bo.post("/skills/proposals", {"name": skill, "category": "crafts"}).status_code in (201, 422)
    visitor = visit()
    page = visitor.log_in(coordinator.email, path="/community/members")
    page.get_by_role("searchbox").fill(bo.name)
    expect(page.get_by_role("button", name="Suspend")).to_have_count(1)
    page.get_by_role("button", name="Suspend").click()
    page.get_by_label("Reason").fill("Unkind words")
    page.get_by_role("dialog").get_by_role("button", name="Suspend").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert bo.get("/users/me").json()["status"] == "suspended"
    page.get_by_text("Suspended", exact=True).click()
    page.get_by_role("button", name="Reinstate").first.click()
    eventually(lambda: bo.get("/users/me").json()["status"] == "active", what="reinstated")
    page.get_by_role("link", name="Figures").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download “Exchanges and hours” as CSV").click()
    assert download.value.suggested_filename == "exchanges.csv"

    ordinary = visit()
    ordinary.log_in(bo.email, path="/analytics")
    ordinary.heading("There is nothing here")


def test_a_member_asks_for_their_data_and_downloads_it(visit: Visit, member: MakeMember) -> None:
    ana = member("Ana")
    visitor = visit()
    page = visitor.log_in(ana.email, path="/settings")
    page.get_by_role("button", name="Ask for my data").dblclick()
    expect(page.get_by_text(re.compile(r"^Ready until .+ kB$"))).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("^Download the data asked for on ")).click()
    assert re.fullmatch(r"skillsync-\d{4}-\d\d-\d\d\.zip", download.value.suggested_filename)
    with ZipFile(download.value.path()) as file:
        names = set(file.namelist())
        profile = json.loads(file.read("users/profile.json"))
    assert {"README.txt", "users/profile.csv", "transactions/ledger.json", "notifications/inbox.csv"} <= names
    assert profile[0]["email"] == ana.email
    asked = [url for method, url in visitor.requests if method == "POST" and url.endswith("/v1/users/me/exports")]
    assert len(asked) == 1
    token = page.evaluate("JSON.parse(Object.entries(sessionStorage).find(e => e[0].startsWith('oidc.user'))[1])")
    assert all(token["access_token"] not in url for _, url in visitor.requests)


def test_an_export_that_is_refused_or_fails_says_why(visit: Visit, member: MakeMember) -> None:
    ana = member("Ana")
    visitor = visit()
    page = visitor.open("/")
    of_it = {"id": str(uuid4()), "created_at": "2030-01-01T12:00:00Z", "expires_at": None, "content_bytes": None}
    failed = {**of_it, "state": "failed", "finished_at": "2030-01-01T16:00:00Z", "file_bytes": None}
    page.route(
        "**/v1/users/me/exports",
        lambda route: (
            route.fulfill(json={"items": [{**failed, "problem": "too-large"}]})
            if route.request.method == "GET"
            else route.fulfill(status=409, json={"code": "too-many-exports", "title": "You have too many exports"})
        ),
    )
    visitor.log_in(ana.email, path="/settings")
    expect(page.get_by_text("There is more about you than one file may hold.")).to_be_visible()
    page.get_by_role("button", name="Ask for my data").click()
    expect(page.get_by_role("alert").filter(has_text="Three files of yours are kept already.")).to_be_visible()


def test_who_comes_by_the_mail_of_an_end_renews_with_one_click(visit: Visit, member: MakeMember) -> None:
    ana, bo = member("Ana"), member("Bo")
    ends = datetime.now(UTC) + timedelta(days=3)
    made = ana.post("/offerings", {"kind": "offer", "skill": "guitar", "expires_at": ends.isoformat()}).json()
    path = f"/offerings/{made['id']}"
    stranger = visit()
    page = stranger.log_in(bo.email, path=f"{path}?renew")
    stranger.heading("Guitar")
    expect(page.get_by_role("link", name="Propose an exchange")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Renew"))).to_have_count(0)

    visitor = visit()
    page = visitor.log_in(ana.email, path=f"{path}?renew")
    expect(page.get_by_text(re.compile("^This ends on "))).to_be_visible()
    renew = page.get_by_role("button", name=re.compile("^Renew until "))
    until = str(renew.text_content()).removeprefix("Renew until ")
    # Coming here has changed nothing.
    assert ana.get(path).json() == made
    renew.dblclick()
    expect(page.get_by_text(f"This is shown until {until}")).to_be_visible()
    expect(renew).to_have_count(0)
    renewed = ana.get(path).json()
    assert renewed["version"] == made["version"] + 1
    assert datetime.fromisoformat(renewed["expires_at"]) - ends > timedelta(days=170)
    page.reload()
    expect(page.get_by_text(f"This is shown until {until}")).to_be_visible()
    # Without the mail's `?renew` it is the page of any offering.
    visitor.open(path)
    visitor.heading("Guitar")
    expect(page.get_by_text(re.compile("^This is shown until "))).to_have_count(0)

    assert ana.patch(path, {"status": "fulfilled"}, renewed["version"]).is_success
    visitor.open(f"{path}?renew")
    expect(page.get_by_text("You have marked this as done")).to_be_visible()
    renew.click()
    expect(page.get_by_text(f"This is shown until {until}")).to_be_visible()
    assert ana.get(path).json()["status"] == "active"


def test_a_ring_of_three_becomes_a_draft(visit: Visit, member: MakeMember) -> None:
    ana, bo, cy = member("Ana"), member(f"Bo{uuid4().hex[:6]}"), member(f"Cy{uuid4().hex[:6]}")
    ways = ((ana, "cello", "weaving"), (bo, "sailing", "cello"), (cy, "weaving", "sailing"))
    for person, offers, wants in ways:
        person.offer(offers)
        person.offer(wants, "want")
    visitor = visit()
    page = visitor.log_in(ana.email, path="/find")
    expect(page.get_by_role("heading", name="Rings of three")).to_be_visible()
    expect(page.get_by_text(re.compile(f"^{bo.name} → {cy.name}:"))).to_be_visible()
    page.get_by_role("link", name="Propose this ring").click()
    expect(page.get_by_role("combobox", name="With whom?")).to_have_value(bo.name)
    expect(page.get_by_role("combobox", name="And who is the third?")).to_have_value(cy.name)
    page.get_by_role("button", name="Write the draft").click()
    visitor.heading("Draft")
    (draft,) = ana.get("/transactions").json()["items"]
    legs = ana.get(f"/transactions/{draft['id']}").json()["legs"].values()
    assert [(leg["giver"], leg["receiver"], leg["skill"]) for leg in legs] == [
        (ana.id, bo.id, "cello"),
        (bo.id, cy.id, "sailing"),
        (cy.id, ana.id, "weaving"),
    ]
    page.get_by_role("button", name="Propose").click()
    visitor.heading("Untitled exchange")
