"""Pages by key: cursors come back as they were, and are taken only unchanged and under their own filters."""

import base64
import json
from collections.abc import Callable

import pytest
from fastapi import Response
from hypothesis import assume, given
from hypothesis import strategies as st

from skillsync_kit.errors import Invalid
from skillsync_kit.ids import canonical_id
from skillsync_kit.pagination import Page, link_next, read_cursor, write_cursor

keys = st.lists(st.text(st.characters(codec="ascii"), max_size=40), min_size=1, max_size=3).map(tuple)
filters = st.dictionaries(st.sampled_from(["state", "role", "kind"]), st.none() | st.text(max_size=10))


@given(keys, filters)
def test_a_cursor_comes_back_as_it_was(key: tuple[str, ...], filters: dict[str, str | None]) -> None:
    cursor = write_cursor(key, filters)
    assert cursor is not None
    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert read_cursor(cursor, filters, parts=(str,) * len(key)) == key
    # An absent filter and one that is None are the same; so is their order.
    same = dict(reversed([item for item in filters.items() if item[1] is not None]))
    assert read_cursor(cursor, same, parts=(str,) * len(key)) == key


@given(keys, filters, filters)
def test_a_cursor_of_other_filters_is_422(
    key: tuple[str, ...], mine: dict[str, str | None], others: dict[str, str | None]
) -> None:
    assume({k: v for k, v in mine.items() if v is not None} != {k: v for k, v in others.items() if v is not None})
    with pytest.raises(Invalid):
        read_cursor(write_cursor(key, mine), others, parts=(str,) * len(key))


@given(keys, keys)
def test_a_cursor_whose_key_was_changed_is_422(key: tuple[str, ...], other: tuple[str, ...]) -> None:
    assume(key != other)
    cursor = write_cursor(key, {})
    assert cursor is not None
    *_, digest = json.loads(base64.urlsafe_b64decode(cursor + "=="))
    forged = base64.urlsafe_b64encode(json.dumps([*other, digest]).encode()).decode().rstrip("=")
    with pytest.raises(Invalid):
        read_cursor(forged, {}, parts=(str,) * len(other))


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda b: base64.urlsafe_b64encode(b).decode()))
def test_what_is_no_cursor_is_422(cursor: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_cursor(cursor, {})
    assert [error.pointer for error in refusal.value.errors] == ["the query: cursor"]


LOOKS_LIKE_ONE = ["[]", "{}", "7", "null", '"ab"', '["a"]', "[1, 2]", '["a", null]', '[["a"], "b"]', '["\\ud800", "x"]']


@pytest.mark.parametrize("content", [*LOOKS_LIKE_ONE, "[" * 300, "9" * 400])
def test_what_only_looks_like_a_cursor_is_422(content: str) -> None:
    with pytest.raises(Invalid):
        read_cursor(base64.urlsafe_b64encode(content.encode()).decode(), {})


def test_a_cursor_has_as_many_parts_as_its_key() -> None:
    with pytest.raises(Invalid):
        read_cursor(write_cursor(("a", "b"), {}), {}, parts=(str,))


@pytest.mark.parametrize(("part", "read"), [("x", canonical_id), ("", canonical_id), ("1.5", int), ("x", int)])
def test_a_made_up_cursor_is_422_when_its_key_cannot_be_one(part: str, read: Callable[[str], object]) -> None:
    with pytest.raises(Invalid):
        read_cursor(write_cursor((part,), {}), {}, parts=(read,))


def test_the_first_page_has_no_cursor_and_the_last_no_next() -> None:
    assert read_cursor(None, {}) is None
    assert write_cursor(None, {}) is None
    assert Page.of(["a", "b"], 2, lambda item: (item,)) == Page(["a", "b"], None)
    assert Page.of(["a", "b", "c"], 2, lambda item: (item,)) == Page(["a", "b"], ("b",))
    assert Page.of([], 2, lambda item: (item,)) == Page([], None)


@given(st.lists(st.integers(0, 500), unique=True, max_size=30), st.integers(1, 7))
def test_pages_together_are_the_whole_without_repetition(numbers: list[int], limit: int) -> None:
    ordered = [f"{number:03}" for number in sorted(numbers)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        after = read_cursor(cursor, {}, parts=(int,))
        found = [item for item in ordered if after is None or item > after[0]][: limit + 1]
        page = Page.of(found, limit, lambda item: (item,))
        assert len(page.items) <= limit
        seen += page.items
        cursor = write_cursor(page.after, {})
        if cursor is None:
            break
    assert seen == ordered


def test_the_next_page_is_linked_with_its_filters() -> None:
    response = Response()
    link_next(response, "/v1/things", {"state": "a&b", "role": None}, 5, "abc")
    assert response.headers["link"] == '</v1/things?state=a%26b&limit=5&cursor=abc>; rel="next"'
    last = Response()
    link_next(last, "/v1/things", {}, 5, None)
    assert "link" not in last.headers
