"""Rings of three: who is looked at, and in what order they come."""

from datetime import UTC, datetime, timedelta

from skillsync_users.matching.entities import MOST_CANDIDATES, Counterpart, Line, candidates, rings

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def answers(user: str, kind: str, skill: str = "guitar", hours: int = 0) -> Counterpart:
    """Somebody's offering that answers one of the seeker's."""
    return Counterpart(Line(user, kind, skill, "either"), user, NOW + timedelta(hours=hours))


def test_each_side_has_so_many_candidates_the_most_skills_first_and_then_who_wrote_last() -> None:
    crowd = [answers(f"{number:03}", "want", hours=number) for number in range(MOST_CANDIDATES + 2)]
    giver = answers("giver", "offer", "german")
    chosen = candidates([*crowd, answers("000", "want", "chess"), giver])
    assert {it.line.user for it in crowd} - chosen == {"001", "002"}
    assert "giver" in chosen


def test_among_as_many_skills_whose_answers_were_written_last_come_first() -> None:
    counterparts = [answers("b", "want"), answers("new", "want", hours=1), answers("c", "offer", "german")]
    lines = [Line(user, "offer", "chess", "either") for user in ("b", "new")] + [Line("c", "want", "chess", "either")]
    assert [ring.legs[0].receiver for ring in rings("me", counterparts, lines, 2)] == ["new", "b"]
    assert len(rings("me", counterparts, lines, 1)) == 1
