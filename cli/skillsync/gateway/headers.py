"""Which headers cross the gateway: end-to-end ones do, hop-by-hop ones never (RFC 9110, section 7.6.1)."""

import re

from skillsync.gateway.answers import Answer, Header
from skillsync.gateway.mapping import plain_name

_HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding "
    b"upgrade".split()
)
# The gateway writes these anew: the body was read whole, and who called is what the socket says.
_WRITTEN_ANEW = frozenset(
    b"host content-length expect forwarded via x-forwarded-for x-forwarded-host x-forwarded-port "
    b"x-forwarded-proto".split()
)
_HOST = re.compile(rb"[A-Za-z0-9.:\[\]-]{1,255}")
VIA = b"HTTP/1.1 AmazonAPIGateway"


def end_to_end(headers: list[Header]) -> list[Header]:
    """Without the hop-by-hop headers, those that `Connection` names included."""
    dropped = _HOP_BY_HOP
    for name, value in headers:
        if name == b"connection":
            dropped = dropped | {token.strip().lower() for token in value.split(b",")}
    return [header for header in headers if header[0] not in dropped]


def request_headers(
    headers: list[Header], owned: frozenset[bytes], host: bytes, client: str, scheme: str
) -> list[Header]:
    """A client's headers as a service gets them, before the mapping adds its own.

    `owned` are the names the mapping writes or removes: a client's are dropped, whatever `Connection` says.
    """
    dropped = _WRITTEN_ANEW | owned
    kept = [header for header in end_to_end(headers) if plain_name(header[0]) not in dropped]
    before = {name: [value for key, value in headers if key == name] for name in (b"x-forwarded-for", b"via")}
    (asked,) = [value for name, value in headers if name == b"host"][:1] or [b""]
    address, protocol = client.encode(), scheme.encode()
    node = b'"[%b]"' % address if b":" in address else address
    forwarded = b"for=%b;proto=%b" % (node, protocol)
    if _HOST.fullmatch(asked):
        forwarded = b'for=%b;host="%b";proto=%b' % (node, asked, protocol)
        kept.append((b"x-forwarded-host", asked))
    return [
        (b"host", host),
        *kept,
        (b"x-forwarded-for", b", ".join([*before[b"x-forwarded-for"], address])),
        (b"x-forwarded-proto", protocol),
        (b"forwarded", forwarded),
        (b"via", b", ".join([*before[b"via"], VIA])),
    ]


def response_headers(answer: Answer, method: str, *, without_cors: bool) -> list[Header]:
    """A service's headers as the client gets them; with CORS configured, its own CORS headers are ignored."""
    kept = end_to_end([(name.lower(), value) for name, value in answer.headers])
    if without_cors:
        kept = [header for header in kept if not header[0].startswith(b"access-control-")]
    if answer.status in (204, 304):
        return [header for header in kept if header[0] != b"content-length"]
    if method != "HEAD" and not any(name == b"content-length" for name, _ in kept):
        kept.append((b"content-length", str(len(answer.body)).encode()))
    return kept
