"""CSV as RFC 4180 has it, and without formulas."""

import csv
import io

import pytest

from skillsync_kit.tabular import write_csv


def test_cells_are_quoted_where_they_must_be_and_lines_end_in_cr_lf() -> None:
    text = write_csv(("a", "b"), [{"a": 'say "yes", please', "b": 1.5}, {"a": "two\nlines", "b": None}])
    assert text == 'a,b\r\n"say ""yes"", please",1.5\r\n"two\nlines",\r\n'


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20A", "\u3000=1"],
)
def test_no_text_is_a_formula(cell: str) -> None:
    read = list(csv.reader(io.StringIO(write_csv(("a",), [{"a": cell}]), newline="")))
    assert read == [["a"], [f"'{cell}"]]


def test_a_negative_number_stays_one() -> None:
    assert write_csv(("gap",), [{"gap": -5}]) == "gap\r\n-5\r\n"
