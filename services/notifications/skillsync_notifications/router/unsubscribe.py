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
from skillsync_notifications.service import Wording

__all__ = ["router"]

router = APIRouter(route_class=Route, prefix="/v1/unsubscribe/{token}", tags=["unsubscribe"])

Token = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{43}$", description="The token of a mail's link")]
_HEADERS = {
    # The address is a secret: it must not travel on as a referrer, nor the page stand in somebody else's frame.
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


def _words(wording: Wording, topic: Topic) -> str:
    return {
        Topic.EXCHANGES: wording.gettext("proposals, answers and changes of your exchanges"),
        Topic.REMINDERS: wording.gettext("reminders"),
        Topic.DIGEST: wording.gettext("the weekly digest"),
        Topic.COORDINATION: wording.gettext("the coordinators' weekly brief"),
    }[topic]


def _page(wording: Wording, title: str, body: str) -> Response:
    html = (
        f'<!doctype html>\n<html lang="{wording.language}" dir="{wording.locale.text_direction}">'
        '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<meta name="robots" content="noindex"><title>{escape(title)}</title></head>\n'
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>\n"
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
    link = await context.preferences.read_link(token)
    wording = context.languages.wording(link.locale, "UTC")
    stop = wording.gettext("Stop these mails")
    told = wording.gettext("You will get no more mails with %(topic)s. They stay in your inbox on the site.")
    return _page(
        wording,
        wording.gettext("Stop these mails?"),
        f"<p>{escape(told % {'topic': _words(wording, link.topic)})}</p>"
        '<form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click">'
        f"<button>{escape(stop)}</button></form>",
    )


@router.post("", response_class=Response, responses={**_HTML, **responses(NoSuchLink)}, openapi_extra=public(404))
async def unsubscribe(token: Token, context: InContext) -> Response:
    """Stop mails of the link's topic; once or more often is the same."""
    link = await context.preferences.unsubscribe(token)
    wording = context.languages.wording(link.locale, "UTC")
    told = wording.gettext("You get no more mails with %(topic)s. Your settings can undo that.")
    return _page(wording, wording.gettext("Done"), f"<p>{escape(told % {'topic': _words(wording, link.topic)})}</p>")
