"""The route of the catalogue."""

from fastapi import APIRouter, Request, Response

from skillsync_kit.auth import Person, access
from skillsync_kit.etags import IfNoneMatch, etag, is_current
from skillsync_kit.routing import Route
from skillsync_users.skills.schemas import SkillList, represent
from skillsync_users.skills.service import Skills

__all__ = ["router"]

router = APIRouter(route_class=Route, tags=["skills"])


@router.get(
    "/v1/skills",
    response_model=SkillList,
    openapi_extra=access(owner=200, counterparty=200, stranger=200, worker=403),
)
async def read(request: Request, _: Person, if_none_match: IfNoneMatch) -> Response:
    """The skills there are, by category."""
    skills: Skills = request.app.state.skills
    catalogue = await skills.catalogue()
    headers = {"ETag": etag(catalogue.version)}
    if is_current(if_none_match, catalogue.version):
        return Response(status_code=304, headers=headers)
    return Response(represent(catalogue).model_dump_json(), 200, headers, "application/json")
