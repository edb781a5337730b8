"""Rows as CSV (RFC 4180), which a spreadsheet may open without doing what a cell says."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

__all__ = ["CSV", "Cell", "write_csv"]

CSV = "text/csv"
# A cell that begins so is a formula to a spreadsheet, or becomes one once blanks before it are passed over.
# Those of full width are the same to it where Chinese, Japanese or Korean is written.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")

Cell = str | int | float | None


def write_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Cell]]) -> str:
    """A header and the rows; lines end in CR LF. What is not shown, or not there, is empty."""
    text = io.StringIO()
    writer = csv.writer(text, dialect="excel", lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_harmless(row.get(name)) for name in columns] for row in rows)
    return text.getvalue()


def _harmless(cell: Cell) -> Cell:
    if isinstance(cell, str) and cell.lstrip(" \u00a0\u3000").startswith(_FORMULA):
        return f"'{cell}"
    return cell
