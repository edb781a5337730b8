"""One JSON line per request on stdout: never a token, an address, a path or a query value."""

import json
import sys
from datetime import UTC, datetime
from typing import TextIO


class AccessLog:
    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout

    def write(
        self,
        *,
        request_id: str,
        route_key: str | None,
        method: str,
        status: int,
        latency_milliseconds: float,
        sub: str | None,
        error: str,
    ) -> None:
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "event": "request",
            "requestId": request_id,
            "routeKey": route_key,
            "method": method,
            "status": status,
            "latency": round(latency_milliseconds, 2),
            "sub": sub,
        }
        if error:
            line["error"] = error
        self._stream.write(json.dumps(line, separators=(",", ":")) + "\n")
        self._stream.flush()
