"""Texts people write: nothing in them can steer a mail header, a log line or a page."""

import unicodedata
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, ValidationError

from skillsync_kit.texts import Line, Paragraphs, Slug


class Texts(BaseModel):
    line: Annotated[Line, Field(max_length=10)] = ""
    name: Annotated[Line, Field(min_length=1, max_length=10)] = "x"
    title: Line = Field(default="x", min_length=1, max_length=10)
    note: Paragraphs = ""
    slug: Slug = "x"


REFUSED_EVERYWHERE = {
    "CR": "\r",
    "NUL": "\x00",
    "tab": "\t",
    "ANSI escape": "\x1b[31m",
    "backspace": "\b",
    "DEL": "\x7f",
    "C1 control": "\x9b31m",
    "NEL": "\x85",
    "vertical tab": "\v",
    "form feed": "\f",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    **{f"bidi U+{ord(c):04X}": c for c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"},
    "lone surrogate": "\ud800",
}


@pytest.mark.parametrize("character", REFUSED_EVERYWHERE.values(), ids=REFUSED_EVERYWHERE.keys())
@pytest.mark.parametrize("place", ["{}a", "a{}b", "a{}"])
@pytest.mark.parametrize("field", ["line", "note"])
def test_what_steers_is_refused(character: str, place: str, field: str) -> None:
    with pytest.raises(ValidationError):
        Texts(**{field: place.format(character)})


def test_a_line_has_no_line_feed_and_paragraphs_may() -> None:
    with pytest.raises(ValidationError):
        Texts(line="a\nb")
    with pytest.raises(ValidationError):
        Texts(line="a\r\nBcc: x@example.example")
    assert Texts(note="a\r\n b \n\nc\n").note == "a\nb\n\nc"


@pytest.mark.parametrize("text", ["Zoë", "李小龙", "שלום", "مرحبا", "🎸 rock", "O'Neill & Söhne <ok>", "=?utf-8?q?x?="])
def test_what_people_write_is_kept(text: str) -> None:
    assert Texts(note=text).note == text


def test_texts_are_in_one_normal_form_and_trimmed() -> None:
    assert Texts(line=" e\u0301 ").line == "\u00e9"
    assert Texts(line="\u00a0a\u3000").line == "a"


@given(st.text(max_size=10))
def test_what_passes_stays_one_line_in_any_reader_and_is_stable(text: str) -> None:
    try:
        line = Texts(line=text).line
    except ValidationError:
        return
    assert line.splitlines() in ([], [line])
    assert unicodedata.is_normalized("NFC", line)
    assert line.encode().decode() == line == Texts(line=line).line


@pytest.mark.parametrize("slug", ["", "A", "a--b", "-a", "a-", "a b", "ä", "a\n", "x" * 65])
def test_a_slug_is_for_machines(slug: str) -> None:
    assert Texts(slug="guitar-2").slug == "guitar-2"
    with pytest.raises(ValidationError):
        Texts(slug=slug)


def test_lengths_count_what_is_kept() -> None:
    assert Texts(line=" " * 50 + "x" * 10).line == "x" * 10
    # This character becomes two in the normal form.
    with pytest.raises(ValidationError):
        Texts(line="\u0958" * 6)
    with pytest.raises(ValidationError):
        Texts(name="   ")
    with pytest.raises(ValidationError):
        Texts(title="   ")
    assert Texts(title=" " * 50 + "x" * 10).title == "x" * 10
