"""What this service knows of a person; for the worker that makes the person's export. Never routed by the edge."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from skillsync_kit.auth import Principal, access, worker_scope
from skillsync_kit.exports import ExportPage, Exports
from skillsync_kit.ids import Id
from skillsync_kit.pagination import Cursor
from skillsync_kit.routing import Route

__all__ = ["exports_router"]

exports_router = APIRouter(route_class=Route, tags=["exports"])

MakesExports = Annotated[Principal, Depends(worker_scope("skillsync/users.export"))]


async def _exports(request: Request) -> Exports:
    exports: Exports = request.app.state.exports
    return exports


@exports_router.get(
    "/internal/exports/{user_id}",
    openapi_extra=access(owner=404, counterparty=404, stranger=404, worker=200),
)
async def export_page(
    user_id: Id, _: MakesExports, exports: Annotated[Exports, Depends(_exports)], cursor: Cursor = None
) -> ExportPage:
    """All that this service knows of the person, in pages; no rows for somebody it knows nothing of."""
    return await exports.page(user_id, cursor)
