"""CORS as the HTTP API does it: preflights answered at the edge, a service's own CORS headers replaced."""

from skillsync.gateway.answers import Answer, Header, own_answer
from skillsync.gateway.edge import CorsSettings


class Cors:
    def __init__(self, settings: CorsSettings) -> None:
        self._settings = settings
        self._origins = {origin.encode() for origin in settings.origins}
        credentials = [(b"access-control-allow-credentials", b"true")] if settings.credentials else []
        exposed = _listed(b"access-control-expose-headers", settings.exposed)
        methods = _listed(b"access-control-allow-methods", settings.methods)
        allowed = _listed(b"access-control-allow-headers", settings.headers)
        age = [] if settings.max_age_seconds is None else [settings.max_age_seconds]
        max_age = [(b"access-control-max-age", str(seconds).encode()) for seconds in age]
        self._for_answers = credentials + exposed
        self._for_preflights = credentials + methods + allowed + max_age

    def preflight(self, origin: bytes) -> Answer:
        """204 for every origin; an origin that is not allowed finds no CORS header in it."""
        allowed = self._allow(origin)
        headers = allowed + self._for_preflights if allowed else []
        answer = own_answer(204, b"", b"", headers)
        answer.headers = [header for header in answer.headers if header[0] not in (b"content-type", b"content-length")]
        return answer

    def headers(self, origin: bytes) -> list[Header]:
        """What an answer to this origin carries: nothing when the origin is not allowed."""
        allowed = self._allow(origin)
        return allowed + self._for_answers if allowed else []

    def _allow(self, origin: bytes) -> list[Header]:
        if b"*" in self._origins:
            return [(b"access-control-allow-origin", b"*")]
        scheme = origin.partition(b"://")[0]
        if origin in self._origins or scheme + b"://*" in self._origins:
            # An answer made for one origin must not be taken from a cache for another.
            return [(b"access-control-allow-origin", origin), (b"vary", b"origin")]
        return []


def _listed(name: bytes, values: tuple[str, ...]) -> list[Header]:
    return [(name, ",".join(values).encode())] if values else []
