"""ETags: a version as a strong tag, and the preconditions that name it."""

import pytest

from skillsync_kit.errors import PreconditionFailed, PreconditionRequired
from skillsync_kit.etags import Precondition, etag, is_current


def test_a_tag_is_the_version_in_quotes() -> None:
    assert etag(3) == '"3"'


@pytest.mark.parametrize("header", ['"3"', '"1", "3"', ' "3" ', "*", " * ", 'W/"1", "3"', '"a,b","3"'])
def test_a_match_goes_through(header: str) -> None:
    Precondition(header).check(3)
    Precondition(header).require(3)


@pytest.mark.parametrize("header", ['"2"', '"13"', '"33"', "3", 'W/"3"', "", '""', '"3', '"*"', '"2", "4"'])
def test_any_other_version_and_any_weak_tag_is_412(header: str) -> None:
    for check in (Precondition(header).check, Precondition(header).require):
        with pytest.raises(PreconditionFailed) as stale:
            check(3)
        assert stale.value.headers == {"ETag": '"3"'}
        assert stale.value.extra == {"version": 3}


def test_an_absent_precondition_allows_every_version_unless_it_is_required() -> None:
    Precondition(None).check(3)
    with pytest.raises(PreconditionRequired):
        Precondition(None).require(3)


@pytest.mark.parametrize(
    ("header", "current"),
    [(None, False), ('"3"', True), ('W/"3"', True), ('"2", W/"3"', True), ("*", True), ('"2"', False), ("3", False)],
)
def test_what_a_client_holds_is_compared_weakly(header: str | None, current: bool) -> None:
    assert is_current(header, 3) is current
