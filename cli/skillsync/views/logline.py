"""One line of a log, readable: time, process, level, event, and the rest as name=value."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rich.text import Text

from skillsync.views.text import harmless

COLOURS = {"debug": "dim", "info": "green", "warning": "yellow", "error": "red", "critical": "bold red"}
# Said already, or of use to machines alone.
LEFT_OUT = frozenset({"timestamp", "time", "level", "event", "process", "span_id"})


@dataclass(frozen=True)
class LogLine:
    """`moment` is "" for a line that is no JSON or has no time; it belongs to the line before it."""

    process: str
    raw: str
    moment: str = ""
    level: str = "info"
    event: str = ""
    fields: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, process: str, raw: str) -> "LogLine":
        try:
            found = json.loads(raw)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            return cls(process, raw, event=raw)
        return cls(
            process,
            raw,
            moment=str(found.get("timestamp") or found.get("time") or ""),
            level=level_of(found),
            event=str(found.get("event", "")),
            fields={name: value for name, value in found.items() if name not in LEFT_OUT},
        )

    def readable(self) -> Text:
        """In colours by level."""
        colour = COLOURS.get(self.level, "default")
        text = Text(f"{local_time(self.moment):12} ", style="dim")
        text.append(f"{self.process:20} ", style="cyan")
        text.append(f"{self.level:8}", style=colour)
        text.append(harmless(self.event), style=colour if self.level in ("error", "critical") else "default")
        for name, value in self.fields.items():
            shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            text.append(f"  {harmless(name)}=", style="dim")
            text.append(harmless(shown))
        return text


def level_of(found: dict[str, Any]) -> str:
    """The line's own level; an access log has none, its status says it."""
    if "level" in found:
        return str(found["level"]).lower()
    status = found.get("status")
    return "error" if isinstance(status, int) and status >= 500 else "info"


def local_time(moment: str) -> str:
    """Hours to milliseconds where the reader is; "" for what is no time."""
    try:
        return f"{datetime.fromisoformat(moment).astimezone():%H:%M:%S.%f}"[:-3]
    except ValueError:
        return ""
