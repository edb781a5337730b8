"""Processes killed by SIGKILL at named points: every event's effect appears once, no mail is missing.

Each test asserts that its kill happened, so that none passes without its fault.
"""

import pytest

from skillsync_testing.member import Member
from skillsync_testing.system import System, eventually

# Mails to two people from their profiles and one exchange without a counter-offer:
# two welcomes, proposal-received, accepted, two receipts.
MAILS = 6


@pytest.fixture
def pair(system: System) -> tuple[Member, Member]:
    """Two members whose welcome mails have arrived."""
    ana, bo = system.member("Ana").make_profile(), system.member("Bo").make_profile()
    eventually(lambda: _mails(system, (ana, bo)) == 2, what="the welcomes")
    return ana, bo


# A kill after SES has answered is test_mail_is_honest's.
@pytest.mark.parametrize("point", ["after-commit", "after-publish", "before-delete"])
def test_a_kill_loses_nothing_and_repeats_nothing(system: System, pair: tuple[Member, Member], point: str) -> None:
    ana, bo = pair
    killed = {"after-commit": "transactions", "after-publish": "transactions"}.get(point, "notifications")
    id = ana.draft(_body(bo))["id"]
    ana.propose(id)
    bo.accept(id, 1)
    eventually(lambda: _mails(system, pair) == MAILS - 2, what="the mails before")

    system.arm(killed, point)
    key = "finalize-" + id
    try:
        bo.post(f"/transactions/{id}/finalize", {"terms_rev": 1}, key=key)
    except Exception as error:  # A client's failure says nothing about what was committed.
        unknown: Exception | None = error
    else:
        unknown = None
    eventually(lambda: not system.is_armed(killed, point), what=f"the kill of {killed} at {point} ({unknown!r})")
    system.wait_until_ready()

    # The client does not know whether it was done: it repeats the request with its key.
    def repeated() -> bool:
        answer = bo.post(f"/transactions/{id}/finalize", {"terms_rev": 1}, key=key)
        return answer.status_code == 200 and answer.json()["state"] == "finalized"

    eventually(repeated, what="the repeated request is answered")

    def counted(member: Member) -> list[int]:
        return [member.get(path).json()["finalized"] for path in (f"/users/{member.id}/stats", "/analytics/me")]

    eventually(lambda: _mails(system, pair) >= MAILS, seconds=90, what="every mail")
    for member in pair:
        eventually(lambda who=member: counted(who) == [1, 1], seconds=90, what="the exchange is counted")  # type: ignore[misc]
    eventually(system.queues_are_empty, seconds=90, what="all queues are empty")
    assert _mails(system, pair) == MAILS
    assert [counted(member) for member in pair] == [[1, 1], [1, 1]]


def _mails(system: System, pair: tuple[Member, Member]) -> int:
    return sum(len(system.mails_to(member.email)) for member in pair)


def _body(other: Member) -> dict[str, object]:
    leg = {"giver": other.id, "receiver": "me", "skill": "german", "minutes": 30}
    back = {"giver": "me", "receiver": other.id, "skill": "guitar", "minutes": 30}
    return {"title": "Under fire", "settlement": "none", "legs": {"a": leg, "b": back}}
