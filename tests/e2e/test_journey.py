"""One exchange, from sign-up at the user pool to the receipts, through the gateway with real tokens."""

from collections import Counter
from typing import Any

from skillsync_testing.member import swap
from skillsync_testing.system import System, eventually

EXPECTED_EVENTS = Counter(
    {
        "user.created.v1": 2,
        "offering.published.v1": 4,
        "transaction.proposed.v1": 1,
        "transaction.revised.v1": 1,
        "transaction.accepted_by.v1": 1,
        "transaction.accepted.v1": 1,
        "transaction.finalized.v1": 1,
        # Two welcomes, proposal-received, proposal-changed, accepted, two receipts.
        "email.sent.v1": 7,
    }
)


def test_an_exchange_goes_from_sign_up_to_the_receipts(system: System) -> None:
    with system.subscribed_queue() as received:
        ana, bo = system.member("Ana").make_profile(), system.member("Bo").make_profile()
        ana.offer("guitar")
        ana.offer("german", kind="want")
        bo.offer("german")
        bo.offer("guitar", kind="want")

        found = ana.get("/offerings?skill=german&kind=offer&limit=100").json()["items"]
        assert bo.id in {offering["owner"] for offering in found}

        draft = ana.draft(swap(bo))
        id = draft["id"]
        assert (draft["state"], draft["version"], draft["terms_rev"]) == ("draft", 1, 1)
        assert [person["first_name"] for person in draft["participants"]] == ["Ana", "Bo"]
        assert bo.get(f"/transactions/{id}").status_code == 404

        changed = ana.patch(f"/transactions/{id}", {"legs": {"b": {"minutes": 90}}}, version=1)
        assert (changed.status_code, changed.headers["etag"], changed.json()["terms_rev"]) == (200, '"2"', 2)
        assert ana.patch(f"/transactions/{id}", {"title": "late"}, version=1).status_code == 412

        assert ana.propose(id)["state"] == "proposed"
        offer = bo.patch(f"/transactions/{id}", {"legs": {"b": {"minutes": 60}}}, version=3)
        assert (offer.status_code, offer.json()["terms_rev"]) == (200, 3)
        stale = ana.post(f"/transactions/{id}/accept", {"terms_rev": 2})
        assert (stale.status_code, stale.json()["code"]) == (409, "terms-changed")
        assert stale.json()["changed"] == ["/legs/b/minutes"]
        assert ana.accept(id, 3)["state"] == "accepted"
        final = bo.finalize(id, 3)
        assert (final["state"], final["allowed_actions"]) == ("finalized", ["reverse"])

        def event_counts() -> bool:
            mine = [e for e in received() if _concerns(e, id, ana.id, bo.id)]
            return Counter(e["type"] for e in mine) == EXPECTED_EVENTS

        eventually(event_counts, what="exactly the journey's events")
        sequences = [e["sequence"] for e in received() if e["subject"] == id]
        assert sorted(sequences) == [1, 2, 3, 4, 5]

    for member, count in ((ana, 3), (bo, 4)):
        subjects = eventually(
            lambda m=member, c=count: (
                (found := [mail.subject for mail in system.mails_to(m.email)])  # type: ignore[misc]
                and len(found) >= c
                and found
            ),
            what=f"the mails of {member.name}",
        )
        assert len(subjects) == count, subjects

    for member in (ana, bo):
        other = bo if member is ana else ana
        expected = {"finalized": 1, "minutes_given": 60, "minutes_received": 60, "partners": 1}
        _eventually_shows(member.get, f"/users/{other.id}/stats", expected)
        _eventually_shows(member.get, "/analytics/me", expected)


def test_the_demo_command_plays_the_journey(system: System) -> None:
    played = system.command("demo")
    assert played.returncode == 0, played.stdout + played.stderr


def test_the_status_command_agrees_that_it_is_ready(system: System) -> None:
    told = system.command("status", "--json")
    assert told.returncode == 0, told.stdout + told.stderr


def _concerns(event: dict[str, Any], transaction: str, *users: str) -> bool:
    data = event["data"]
    return event["subject"] in (transaction, *users) or data.get("owner") in users or data.get("recipient") in users


def _eventually_shows(get: Any, path: str, expected: dict[str, int]) -> None:
    def look() -> bool:
        answer = get(path)
        return answer.status_code == 200 and {name: answer.json()[name] for name in expected} == expected

    eventually(look, what=f"{path} counts the exchange")
