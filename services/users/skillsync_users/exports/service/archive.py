"""The ZIP of an export: a README, and each part of each service as JSON and as CSV. Made in memory, and bounded."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from skillsync_kit.exports import ExportPage
from skillsync_kit.tabular import Cell, write_csv

__all__ = ["Archive", "TooMuch"]

_MOST_CONTENT_BYTES = 32 * 1024 * 1024
# A database takes so much in one statement as it is set up at first.
_MOST_FILE_BYTES = 8 * 1024 * 1024
_README = """\
SkillSync: what is kept about you
As of {moment} UTC.

Each part is here twice, with the same content: as JSON, and as CSV for spreadsheets. In CSV, a text that a spreadsheet
would take for a formula begins with an apostrophe, and what has parts of its own stands in its cell as JSON.
Times are in UTC. Others are told by their id and the name they show to everybody; to read their profile, ask for
/v1/users/ and the id.

{parts}
"""


class TooMuch(Exception):
    """There is more than a file may hold."""


@dataclass(slots=True)
class _Part:
    about: str
    rows: list[str] = field(default_factory=list)
    columns: dict[str, None] = field(default_factory=dict)


class Archive:
    """Takes pages of rows, and makes the file of them."""

    def __init__(self) -> None:
        self.content_bytes = 0
        self._parts: dict[tuple[str, str], _Part] = {}

    def add(self, service: str, page: ExportPage) -> None:
        """Take a page in. Raises TooMuch."""
        part = self._parts.setdefault((service, page.part), _Part(page.about))
        for row in page.model_dump(mode="json")["items"]:
            # Kept as text, which takes a fraction of what the same takes as objects.
            text = json.dumps(row, ensure_ascii=False)
            self.content_bytes += len(text.encode())
            if self.content_bytes > _MOST_CONTENT_BYTES:
                raise TooMuch
            part.rows.append(text)
            part.columns.update(dict.fromkeys(row))

    def pack(self, moment: datetime) -> bytes:
        """The ZIP, dated at `moment`. Raises TooMuch. It takes its time: call it in a thread."""
        packed = BytesIO()
        with ZipFile(packed, "w", ZIP_DEFLATED) as file:
            _write(file, "README.txt", self._readme(moment), moment)
            for (service, name), part in self._parts.items():
                _write(file, f"{service}/{name}.json", _as_json(part), moment)
                _write(file, f"{service}/{name}.csv", _as_csv(part), moment)
        if packed.tell() > _MOST_FILE_BYTES:
            raise TooMuch
        return packed.getvalue()

    def _readme(self, moment: datetime) -> str:
        lines = [f"{f'{service}/{name}':28} {part.about}" for (service, name), part in self._parts.items()]
        return _README.format(moment=f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}", parts="\n".join(lines))


def _write(file: ZipFile, name: str, text: str, moment: datetime) -> None:
    entry = ZipInfo(name, moment.astimezone(UTC).timetuple()[:6])
    entry.compress_type = ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    file.writestr(entry, text.encode())


def _as_json(part: _Part) -> str:
    return "[\n" + ",\n".join(part.rows) + "\n]\n" if part.rows else "[]\n"


def _as_csv(part: _Part) -> str:
    return write_csv(list(part.columns), (_cells(json.loads(row)) for row in part.rows))


def _cells(row: Mapping[str, Any]) -> dict[str, Cell]:
    return {
        name: json.dumps(value, ensure_ascii=False) if isinstance(value, bool | dict | list) else value
        for name, value in row.items()
    }
