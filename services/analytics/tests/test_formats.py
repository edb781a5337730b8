"""CSV where it is asked for, as RFC 4180 has it, and without formulas."""

import csv
import io
from typing import TYPE_CHECKING

import pytest

from skillsync_kit.ids import new_id

if TYPE_CHECKING:
    from tests.conftest import World


@pytest.mark.parametrize(
    ("accept", "query", "is_csv"),
    [
        ("", "", False),
        ("*/*", "", False),
        ("text/csv", "", True),
        ("text/*", "", True),
        ("text/csv;q=0.5, application/json", "", False),
        ("application/json;q=0.5, text/csv;q=0.9", "", True),
        ("application/json", "?format=csv", True),
        ("text/csv", "?format=json", False),
        ("text/csv;q=much", "", False),
    ],
)
async def test_the_form_is_the_one_that_is_wanted(world: "World", accept: str, query: str, is_csv: bool) -> None:
    answer = await world.ask(f"/exchanges{query}", accept=accept)
    kind = "text/csv; charset=utf-8; header=present" if is_csv else "application/json"
    assert (answer.status_code, answer.headers["content-type"], answer.headers["vary"]) == (200, kind, "Accept")
    assert ("content-disposition" in answer.headers) == is_csv


async def test_a_file_is_named_after_what_it_holds_and_each_row_says_what_it_means(world: "World") -> None:
    answer = await world.ask("/exchanges?format=csv&from=2029-12-03&to=2029-12-17")
    name = "exchanges-week-2029-12-03-2029-12-17.csv"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    told = (await world.ask("/exchanges")).json()["definition"]
    assert [(row["start"], row["definition"]) for row in rows] == [("2029-12-03", told), ("2029-12-10", told)]
    assert list(rows[0]) == ["start", "exchanges", "minutes", "hours", "as_of", "definition"]


async def test_a_members_own_figures_come_as_csv_too(world: "World") -> None:
    ada, bo = new_id(), new_id()
    await world.receive([world.finalized((ada, bo, 60))])
    headers = {"Authorization": f"Bearer {world.pool.token(ada)}", "accept": "text/csv"}
    answer = await world.client.get("/v1/analytics/me", headers=headers)
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert {row["measure"]: row["value"] for row in rows} == {
        "finalized": "1",
        "minutes_given": "60",
        "minutes_received": "0",
        "partners": "1",
    }
    assert all(row["definition"].endswith(".") and row["as_of"] for row in rows)
