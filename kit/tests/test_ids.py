"""Ids: UUIDv7 in canonical text."""

import pytest
from pydantic import TypeAdapter, ValidationError

from skillsync_kit.ids import Id, canonical_id, new_id

ID = TypeAdapter(Id)
CANONICAL = "0190b5a0-1111-7abc-8def-aaaaaaaaaaaa"


def test_new_ids_are_distinct_and_sort_by_the_time_they_were_made() -> None:
    ids = [new_id() for _ in range(2000)]
    assert len(set(ids)) == len(ids)
    assert ids == sorted(ids)
    assert all(ID.validate_python(id) == id and id[14] == "7" for id in ids)


def test_any_case_is_taken_and_the_canonical_form_kept() -> None:
    assert ID.validate_python(CANONICAL.upper()) == CANONICAL
    assert canonical_id(f"urn:uuid:{CANONICAL}") == CANONICAL


@pytest.mark.parametrize(
    "text",
    ["", "x", CANONICAL[:-1], CANONICAL + "a", CANONICAL.replace("-", ""), "g" + CANONICAL[1:], CANONICAL + "\n"],
)
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        ID.validate_python(text)
