"""The coordinators' measures."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from skillsync_analytics.entities.calendar import Interval
from skillsync_analytics.entities.measures import MEASURES
from skillsync_analytics.errors import InvalidRange
from skillsync_analytics.queries import Asked, Measures
from skillsync_analytics.router.formats import Wanted, as_csv, as_json, with_csv
from skillsync_analytics.schemas import MeasureAnswer, MeasureList, csv_of, list_measures, represent_answer
from skillsync_kit.auth import Coordinator, Principal, access, worker_scope
from skillsync_kit.clock import Clock
from skillsync_kit.openapi import responses
from skillsync_kit.routing import Route

__all__ = ["router"]

router = APIRouter(route_class=Route, tags=["analytics"])
_ACCESS = access(owner=403, counterparty=403, stranger=403, coordinator=200, worker=403)
_EXAMPLE = (
    "start,exchanges,minutes,hours,as_of,definition\r\n"
    '2029-12-31,12,930,15.5,2030-01-10T12:00:00+00:00,"Exchanges by the time they were finalized, …"\r\n'
)

Name = StrEnum("Name", {name: name for name in MEASURES})  # type: ignore[misc]
Since = Annotated[date | None, Query(alias="from", description="The first day, in UTC; twelve weeks or so before `to`")]
Until = Annotated[date | None, Query(alias="to", description="The day after the last, in UTC; tomorrow when absent")]
Writes = Annotated[Principal, Depends(worker_scope("skillsync/analytics.read"))]
By = Annotated[Interval | None, Query(description="How wide the buckets are; whole ones are answered")]


async def _measures(request: Request) -> Measures:
    measures: Measures = request.app.state.measures
    return measures


async def _clock(request: Request) -> Clock:
    clock: Clock = request.app.state.clock
    return clock


@router.get("/v1/analytics", openapi_extra=_ACCESS)
async def measures(_: Coordinator) -> MeasureList:
    """What can be asked for, and what it means."""
    return list_measures()


@router.get(
    "/v1/analytics/{measure}",
    response_model=MeasureAnswer,
    responses={**responses(InvalidRange), **with_csv(_EXAMPLE)},
    openapi_extra=_ACCESS,
)
async def measure(
    measure: Name,
    _: Coordinator,
    wants_csv: Wanted,
    found: Annotated[Measures, Depends(_measures)],
    clock: Annotated[Clock, Depends(_clock)],
    since: Since = None,
    until: Until = None,
    interval: By = None,
) -> Response:
    """One measure, by buckets of time. Buckets of fewer than three members are not shown."""
    answer = await found.answer(MEASURES[measure.value], Asked(since, until, interval), clock.now().date())
    shown = represent_answer(answer)
    if not wants_csv:
        return as_json(shown)
    parts = [shown.measure, *(str(part) for part in (shown.interval, shown.since, shown.until) if part)]
    return as_csv(csv_of(shown), "-".join(parts))


@router.get(
    "/internal/measures/{measure}",
    responses=responses(InvalidRange),
    openapi_extra=access(owner=404, counterparty=404, stranger=404, worker=200),
)
async def measure_for_workers(
    measure: Name,
    _: Writes,
    found: Annotated[Measures, Depends(_measures)],
    clock: Annotated[Clock, Depends(_clock)],
    since: Since = None,
    until: Until = None,
    interval: By = None,
) -> MeasureAnswer:
    """One measure as coordinators are shown it; for workers that write to them."""
    return represent_answer(
        await found.answer(MEASURES[measure.value], Asked(since, until, interval), clock.now().date())
    )
