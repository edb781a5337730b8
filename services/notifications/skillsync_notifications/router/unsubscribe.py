"""The link in a mail (RFC 8058): a page that changes nothing, and the POST that does. Its token is the permission."""

from html import escape
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from skillsync_kit.auth import public
from skillsync_kit.openapi import responses
from skillsync_kit.routing import Route
from skillsync_notifications.entities import Topic
from skillsync_notifications.errors import NoSuchLink
from skillsync_notifications.router.context import InContext

__all__ = ["router"]

router = APIRouter(route_class=Route, prefix="/v1/unsubscribe/{token}", tags=["unsubscribe"])

Token = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{43}$", description="The token of a mail's link")]
_HEADERS = {
    # The address is a secret: it must not travel on as a referrer, nor the page stand in somebody else's frame.
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
_WORDS = {
    Topic.EXCHANGES: "proposals, answers and changes of your exchanges",
    Topic.REMINDERS: "reminders",
    Topic.DIGEST: "the weekly digest",
    Topic.COORDINATION: "the coordinators' weekly brief",
}


def _page(title: str, body: str) -> Response:
    html = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f"<title>{escape(title)}</title></head>\n<body><main><h1>{escape(title)}</h1>{body}</main></body></html>\n"
    )
    return Response(html, 200, _HEADERS, "text/html; charset=utf-8")


_HTML: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"text/html": {"schema": {"type": "string"}, "examples": {"page": {"value": "<!doctype html>…"}}}},
        "description": "A page",
    }
}


@router.get("", response_class=Response, responses={**_HTML, **responses(NoSuchLink)}, openapi_extra=public(404))
async def show(token: Token, context: InContext) -> Response:
    """Ask whether mails of the link's topic should stop. Changes nothing: links are followed by programs too."""
    topic = await context.preferences.topic_of_link(token)
    return _page(
        "Stop these mails?",
        f"<p>You will get no more mails with {escape(_WORDS[topic])}. They stay in your inbox on the site.</p>"
        '<form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click">'
        "<button>Stop these mails</button></form>",
    )


@router.post("", response_class=Response, responses={**_HTML, **responses(NoSuchLink)}, openapi_extra=public(404))
async def unsubscribe(token: Token, context: InContext) -> Response:
    """Stop mails of the link's topic; once or more often is the same."""
    topic = await context.preferences.unsubscribe(token)
    return _page("Done", f"<p>You get no more mails with {escape(_WORDS[topic])}. Your settings can undo that.</p>")
