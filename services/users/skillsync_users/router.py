"""The service's routes, feature by feature, and what a path may not tell of."""

from fastapi import Request

from skillsync_kit.auth import Principal
from skillsync_kit.erasures_router import erasures_router
from skillsync_kit.errors import NotFound
from skillsync_kit.ids import canonical_id
from skillsync_kit.operations_router import consumer_router, producer_router
from skillsync_kit.trails_router import consumed_trails_router, produced_trails_router
from skillsync_users.erasure.router import router as erasure
from skillsync_users.exports.router import router as exports
from skillsync_users.matching.router import router as matching
from skillsync_users.offerings.router import router as offerings
from skillsync_users.offerings.service import Offerings
from skillsync_users.profiles.router import router as profiles
from skillsync_users.profiles.service import Profiles
from skillsync_users.proposals.router import router as proposals
from skillsync_users.proposals.service import Proposals
from skillsync_users.skills.router import router as skills
from skillsync_users.stats.router import router as stats
from skillsync_users.suspension.router import router as suspension

__all__ = ["conceal", "routers"]

routers = (
    profiles,
    erasure,
    exports,
    suspension,
    stats,
    offerings,
    matching,
    skills,
    proposals,
    erasures_router,
    producer_router,
    consumer_router,
    produced_trails_router,
    consumed_trails_router,
)


async def conceal(request: Request, principal: Principal) -> None:
    """Raise NotFound when the path names a thing that is not there, or that the caller may not see."""
    if "id" not in request.path_params:
        return
    try:
        id = canonical_id(request.path_params["id"])
    except ValueError:
        raise NotFound() from None
    offerings: Offerings = request.app.state.offerings
    profiles: Profiles = request.app.state.profiles
    proposed: Proposals = request.app.state.proposals
    path = request.url.path
    if path.startswith("/v1/offerings/"):
        await offerings.read(principal, id)
    elif path.startswith("/internal/offerings/"):
        await offerings.read_any(id)
    elif path.startswith("/v1/skills/proposals/"):
        await proposed.read(principal, id)
    else:
        await profiles.read(id)
