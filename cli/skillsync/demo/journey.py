"""One exchange, from sign-up to the receipts, played by two new people through the gateway."""

import uuid
from typing import Any

from rich.console import Console

from skillsync.demo.member import Member, check, check_fields, check_that
from skillsync.demo.stage import Stage
from skillsync.paths import Paths

TITLE = "Guitar for German"


def play(paths: Paths, console: Console) -> None:
    """Raises WrongAnswer at the first answer that is not as it should be."""
    stage = Stage(paths, console)
    try:
        stage.report.heading("Two people join")
        ana = join(stage, "Ana", offers="guitar", wants="german")
        bo = join(stage, "Bo", offers="german", wants="guitar")
        stage.report.heading("One finds the other, and drafts an exchange")
        find(stage, ana, bo)
        draft = write_draft(stage, ana, bo)
        stage.report.heading("They agree")
        proposed = propose(stage, ana, bo, draft)
        revised = revise(stage, bo, ana, proposed)
        accepted = accept(stage, ana, bo, revised)
        stage.report.heading("They have met: one of them finalizes")
        finalize(stage, ana, bo, accepted)
        stage.report.end(stage.check_mailboxes(), stage.expected_events)
    finally:
        stage.close()


def join(stage: Stage, name: str, offers: str, wants: str) -> Member:
    """Sign-up, profile, welcome mail, offerings."""
    member = stage.sign_up(name)
    with stage.report.step(name, "makes a profile: POST /v1/users → 201") as step:
        profile = {"first_name": name, "last_name": "Journey", "about": f"Knows {offers}, wants to learn {wants}."}
        answer = member.post("/v1/users", profile, 201)
    made = answer.json()
    member.id = made["id"]
    check_fields("The profile", made, {**profile, "email": member.email, "status": "active", "version": 1})
    check("The profile's Location", answer.headers.get("location"), f"/v1/users/{member.id}")
    check("The profile's ETag", answer.headers.get("etag"), '"1"')
    stage.expect_event(step, "user.created.v1", member.id)
    stage.expect_mail(step, member, "welcome", "Welcome")
    for kind, skill in (("offer", offers), ("want", wants)):
        with stage.report.step(name, f"adds an offering: POST /v1/offerings {kind} {skill} → 201") as step:
            offering = member.post("/v1/offerings", {"kind": kind, "skill": skill}, 201).json()
        check_fields("The offering", offering, {"kind": kind, "skill": skill, "owner": member.id, "status": "active"})
        stage.expect_event(step, "offering.published.v1", offering["id"])
    return member


def find(stage: Stage, ana: Member, bo: Member) -> None:
    """By the skill that is offered."""
    path = "/v1/offerings?skill=german&kind=offer"
    with stage.report.step("Ana", f"finds Bo by skill: GET {path} → 200"):
        owners = [offering["owner"] for offering in ana.get(path).json()["items"]]
    check_that(f"GET {path} should list Bo ({bo.id})", owners, lambda found: bo.id in found)


def write_draft(stage: Stage, ana: Member, bo: Member) -> dict[str, Any]:
    """Drafted with names looked up at the users service, changed by PATCH; nobody else sees it."""
    body = {
        "title": TITLE,
        "settlement": "hours",
        "legs": {
            "a": {"giver": "me", "receiver": bo.id, "skill": "guitar", "minutes": 60},
            "b": {"giver": bo.id, "receiver": "me", "skill": "german", "minutes": 60},
        },
    }
    with stage.report.step("Ana", "drafts: POST /v1/transactions → 201"):
        answer = ana.post("/v1/transactions", body, 201)
    draft: dict[str, Any] = answer.json()
    path = f"/v1/transactions/{draft['id']}"
    check_fields("The draft", draft, {"state": "draft", "version": 1, "author": ana.id, "settlement": "hours"})
    check("The draft's ETag", answer.headers.get("etag"), '"1"')
    check("The draft's Location", answer.headers.get("location"), path)
    names = {person["id"]: person["first_name"] for person in draft["participants"]}
    check("The participants' names", names, {ana.id: "Ana", bo.id: "Bo"})
    with stage.report.step("Bo", "does not see the draft: GET → 404"):
        bo.get(path, 404)
    with stage.report.step("Ana", 'changes it: PATCH If-Match "1" → 200'):
        changed: dict[str, Any] = ana.patch(path, {"note": "On Tuesdays?"}, '"1"').json()
    expected = {"version": 2, "note": "On Tuesdays?", "legs": draft["legs"], "terms_rev": draft["terms_rev"]}
    check_fields("The changed draft", changed, expected)
    with stage.report.step("Ana", 'changes it from a stale page: PATCH If-Match "1" → 412'):
        ana.patch(path, {"note": "Lost?"}, '"1"', 412)
    return changed


def propose(stage: Stage, ana: Member, bo: Member, draft: dict[str, Any]) -> dict[str, Any]:
    """From now on the other sees it."""
    path = f"/v1/transactions/{draft['id']}"
    with stage.report.step("Ana", "proposes: POST …/propose → 200") as step:
        proposed: dict[str, Any] = ana.post(f"{path}/propose", {}, 200).json()
    check_fields("The proposal", proposed, {"state": "proposed", "version": draft["version"] + 1})
    stage.expect_event(step, "transaction.proposed.v1", draft["id"])
    stage.expect_mail(step, bo, "proposal-received", TITLE)
    with stage.report.step("Bo", "reads it: GET → 200"):
        seen = bo.get(path).json()
    check_fields("The proposal, as Bo sees it", seen, {"legs": draft["legs"], "note": "On Tuesdays?"})
    check_that("Bo's actions should include accept and revise", seen["allowed_actions"], {"accept", "revise"}.issubset)
    return proposed


def revise(stage: Stage, bo: Member, ana: Member, proposed: dict[str, Any]) -> dict[str, Any]:
    """A counter-offer: one leg longer."""
    path, if_match = f"/v1/transactions/{proposed['id']}", f'"{proposed["version"]}"'
    with stage.report.step("Bo", f"offers 90 minutes of German: PATCH If-Match {if_match} → 200") as step:
        revised: dict[str, Any] = bo.patch(path, {"legs": {"b": {"minutes": 90}}}, if_match).json()
    expected = {
        "state": "proposed",
        "version": proposed["version"] + 1,
        "terms_rev": proposed["terms_rev"] + 1,
        "legs": {"a": proposed["legs"]["a"], "b": {**proposed["legs"]["b"], "minutes": 90}},
    }
    check_fields("The counter-offer", revised, expected)
    stage.expect_event(step, "transaction.revised.v1", revised["id"])
    stage.expect_mail(step, ana, "proposal-changed", TITLE)
    return revised


def accept(stage: Stage, ana: Member, bo: Member, revised: dict[str, Any]) -> dict[str, Any]:
    """Not the old terms: the new ones."""
    path, terms_rev = f"/v1/transactions/{revised['id']}/accept", revised["terms_rev"]
    with stage.report.step("Ana", f"accepts the old terms: POST …/accept terms_rev {terms_rev - 1} → 409"):
        refused = ana.post(path, {"terms_rev": terms_rev - 1}, 409).json()
    changed = {"code": "terms-changed", "terms_rev": terms_rev, "changed": ["/legs/b/minutes"]}
    check_fields("The refusal", refused, changed)
    with stage.report.step("Ana", f"accepts: POST …/accept terms_rev {terms_rev} → 200") as step:
        accepted: dict[str, Any] = ana.post(path, {"terms_rev": terms_rev}, 200).json()
    check_fields("The agreement", accepted, {"state": "accepted", "version": revised["version"] + 1})
    stage.expect_event(step, "transaction.accepted_by.v1", revised["id"])
    stage.expect_event(step, "transaction.accepted.v1", revised["id"])
    stage.expect_mail(step, bo, "accepted", TITLE)
    hours(stage, ana, balance=0, held=30)
    return accepted


def hours(stage: Stage, member: Member, *, balance: int, held: int) -> None:
    """What the ledger says at once: the same commit wrote it."""
    path = "/v1/ledger/balance"
    with stage.report.step(member.first_name, f"sees the hours: GET {path} → {balance:+} min, {held} held"):
        seen = member.get(path).json()
    check_fields("The balance", seen, {"account": member.id, "balance": balance, "held": held})


def finalize(stage: Stage, ana: Member, bo: Member, accepted: dict[str, Any]) -> None:
    """The final representation at once; receipts, statistics and analytics soon after, once each."""
    path, terms = f"/v1/transactions/{accepted['id']}/finalize", {"terms_rev": accepted["terms_rev"]}
    key = str(uuid.uuid4())
    with stage.report.step("Ana", "finalizes: POST …/finalize → 200") as step:
        final = ana.post(path, terms, 200, key).json()
    expected = {"state": "finalized", "version": accepted["version"] + 1, "legs": accepted["legs"]}
    check_fields("The final representation", final, {**expected, "allowed_actions": ["reverse"]})
    with stage.report.step("Ana", "clicks twice: the same Idempotency-Key → the same answer"):
        again = ana.post(path, terms, 200, key)
    check("The replay's header", again.headers.get("idempotent-replayed"), "true")
    check("The replay", again.json(), final)
    hours(stage, ana, balance=-30, held=0)
    hours(stage, bo, balance=30, held=0)
    stage.expect_event(step, "transaction.finalized.v1", accepted["id"])
    stage.expect_mail(step, ana, "receipt", TITLE)
    stage.expect_mail(step, bo, "receipt", TITLE)
    for member, given, received in ((ana, 60, 90), (bo, 90, 60)):
        figures = {"finalized": 1, "minutes_given": given, "minutes_received": received, "partners": 1}
        for path in (f"/v1/users/{member.id}/stats", "/v1/analytics/me"):
            shown = path.replace(member.id, "…")
            with stage.report.step(
                member.first_name, f"is counted: GET {shown} → {given} min given, {received} received"
            ):
                stage.poll(member, path, figures)
