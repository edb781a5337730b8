"""The routes of exports: HTTP in, shape out, no decisions."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from skillsync_kit.auth import Person, access
from skillsync_kit.idempotency import Idempotency, IdempotencyKey, Once, Reply
from skillsync_kit.ids import Id
from skillsync_kit.openapi import responses
from skillsync_kit.routing import Route
from skillsync_users.exports.entities import Export
from skillsync_users.exports.errors import ExportNotFound, ExportNotReady, ExportUnderWay, TooManyExports
from skillsync_users.exports.schemas import ExportList, ExportRepresentation, represent, represent_all
from skillsync_users.exports.service import PersonalExports
from skillsync_users.profiles.errors import ProfileNotFound

__all__ = ["router"]

_PATH = "/v1/users/me/exports"

router = APIRouter(route_class=Route, prefix=_PATH, tags=["exports"])


class Context:
    """What the routes need of their app."""

    def __init__(self, request: Request) -> None:
        self.exports: PersonalExports = request.app.state.personal_exports
        self._idempotency: Idempotency = request.app.state.idempotency

    def once(self, key: IdempotencyKey) -> Once[Export]:
        """Ask once under the caller's key."""
        return key.answering(self._idempotency, _answer)


class Zip(Response):
    """A file."""

    media_type = "application/zip"


async def _context(request: Request) -> Context:
    return Context(request)


def _answer(export: Export) -> Reply:
    return Reply(202, represent(export).model_dump_json(), {"Location": f"{_PATH}/{export.id}"})


InContext = Annotated[Context, Depends(_context)]
Key = Annotated[IdempotencyKey, Depends(IdempotencyKey.of)]
_TEXT = {"type": "string"}


@router.post(
    "",
    status_code=202,
    response_model=ExportRepresentation,
    responses=responses(ProfileNotFound, ExportUnderWay, TooManyExports),
    openapi_extra=access(owner=202, counterparty=202, stranger=202, worker=403),
)
async def ask(by: Person, key: Key, context: InContext) -> Response:
    """Ask for all that is kept about the caller, in every service; it is made in the background."""
    return (await context.exports.ask(by, context.once(key))).response()


@router.get("", openapi_extra=access(owner=200, counterparty=200, stranger=200, worker=403))
async def page(by: Person, context: InContext) -> ExportList:
    """The caller's exports, the newest first, at most fifty."""
    return represent_all(await context.exports.all(by))


@router.get(
    "/{export_id}",
    responses=responses(ExportNotFound),
    openapi_extra=access(owner=200, counterparty=404, stranger=404, worker=403),
)
async def read(export_id: Id, by: Person, context: InContext) -> ExportRepresentation:
    """What became of one of the caller's exports."""
    return represent(await context.exports.read(by, export_id))


@router.get(
    "/{export_id}/file",
    response_class=Zip,
    responses={
        200: {
            "content": {Zip.media_type: {"schema": {**_TEXT, "format": "binary", "examples": ["PK…"]}}},
            "headers": {
                "Content-Disposition": {"description": "A name for the file", "schema": _TEXT, "required": True}
            },
        },
        **responses(ExportNotFound, ExportNotReady),
    },
    openapi_extra=access(owner=200, counterparty=404, stranger=404, worker=403),
)
async def download(export_id: Id, by: Person, context: InContext) -> Response:
    """The file: a ZIP with a README, and each part of what is kept as JSON and as CSV."""
    ready = await context.exports.file(by, export_id)
    name = f"skillsync-{ready.export.finished_at:%Y-%m-%d}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Zip(ready.content, headers=headers)
