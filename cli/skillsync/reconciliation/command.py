"""Asks both services for their books, page by page, and shows what was found."""

import json
import sys
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from rich.table import Table

from skillsync.errors import Problem
from skillsync.operations.services import Services, Silent
from skillsync.operations.tables import cell
from skillsync.paths import Paths
from skillsync.reconciliation.comparison import Booked, Counted, Report, compare
from skillsync.views.session import require_running

__all__ = ["reconcile", "report_of"]

_PAGE = "500"
Row = TypeVar("Row", Booked, Counted)


class _Page(BaseModel):
    items: list[dict[str, object]]
    next: str | None


def reconcile(paths: Paths, as_json: bool) -> bool:
    """Print the report; True when all that was finalized is counted as it was posted. Raises Problem."""
    services = Services.of(paths, require_running(paths))
    report = report_of(services, datetime.now(UTC))
    if as_json:
        json.dump(report, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        _show(report)
    return report["is_equal"]


def report_of(services: Services, as_of: datetime) -> Report:
    """What was finalized before `as_of`, compared. Raises Problem when a service does not answer."""
    # The ledger first: what is finalized meanwhile is then in neither, or in analytics and after that moment.
    ledger = _books(services, "transactions", Booked)
    analytics = _books(services, "analytics", Counted)
    return compare(ledger, analytics, as_of)


def _books(services: Services, service: str, kind: type[Row]) -> dict[str, Row]:
    found: dict[str, Row] = {}
    after: str = ""
    read = TypeAdapter(list[kind])  # type: ignore[valid-type]
    try:
        while True:
            query = [("limit", _PAGE), *([("after", after)] if after else [])]
            page = _Page.model_validate(services.get(service, "/internal/books", query))
            rows: list[Row] = read.validate_python(page.items)
            found |= {row.transaction_id: row for row in rows}
            if page.next is None or page.next <= after:
                return found
            after = page.next
    except Silent as silent:
        raise Problem(f"{service} {silent}: nothing was compared.") from None
    except ValidationError:
        raise Problem(f"{service} answered what cannot be read: nothing was compared.") from None


def _show(report: Report) -> None:
    from skillsync.local.tables import make_console  # noqa: PLC0415

    console = make_console()
    totals = _table("settlement", "exchanges in the ledger", "in analytics", "minutes in the ledger", "in analytics")
    for total in report["totals"]:
        figures = (total["ledger_exchanges"], total["analytics_exchanges"])
        minutes = (total["ledger_minutes"], total["analytics_minutes"])
        totals.add_row(cell(total["settlement"]), *(f"{number:,}" for number in (*figures, *minutes)))
    console.print(totals)
    if report["in_flight"]:
        console.print(f"{report['in_flight']:,} finalized less than a minute ago are on their way; not compared.")
    if report["is_equal"]:
        console.print(f"[green]✓[/] All that was finalized before {report['as_of']} is counted as it was posted.")
        return
    rows = _table("exchange", "what", "ledger", "analytics")
    for it in report["differences"]:
        rows.add_row(cell(it["transaction_id"]), cell(it["what"]), _number(it["ledger"]), _number(it["analytics"]))
    console.print(rows)
    console.print(
        f"[red]✗[/] {report['differing']:,} differences. [bold]skillsync replay analytics[/] tells whether the figures "
        "are damaged, and with [bold]--apply[/] builds them anew."
    )


def _number(number: int | None) -> str:
    return "–" if number is None else f"{number:,}"


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
