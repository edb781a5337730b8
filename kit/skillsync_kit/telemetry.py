"""Logs, and the ids that tie one request to all it causes: trace, correlation and causation id.

Traces are W3C Trace Context by OpenTelemetry: a request's `traceparent` goes on to every call and event it causes. A
log line is one JSON object; it never holds a token, an address or a request's query string.
"""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import structlog
from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from structlog.typing import EventDict, WrappedLogger

__all__ = ["Flow", "configure", "current_flow", "flow", "log", "traceparent"]

# Without local variables: they hold tokens and addresses.
_tracebacks = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))
_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("skillsync")
log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Flow:
    """Where a piece of work comes from: the business flow it belongs to, and the request or message that caused it.

    `began` is when that came in, in seconds of the monotonic clock.
    """

    correlation_id: str | None = None
    causation_id: str | None = None
    began: float | None = None


_current: ContextVar[Flow] = ContextVar("flow", default=Flow())  # noqa: B039 - frozen


def current_flow() -> Flow:
    """The flow of the work that is going on; an empty one outside any."""
    return _current.get()


@contextmanager
def flow(name: str, *, parent: str | None, correlation_id: str | None, causation_id: str | None) -> Iterator[None]:
    """Do work as a span `name` under the `parent` traceparent (None starts a trace), in the flow of the given ids."""
    above = _propagator.extract({"traceparent": parent}) if parent else Context()
    span = _tracer.start_span(name, above)
    outer = context.attach(trace.set_span_in_context(span, above))
    token = _current.set(Flow(correlation_id, causation_id, time.monotonic()))
    try:
        yield
    finally:
        _current.reset(token)
        context.detach(outer)
        span.end()


def traceparent() -> str | None:
    """The `traceparent` to hand on with a call or an event; None outside any trace."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent")


def _with_ids(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        event["trace_id"] = format(span.trace_id, "032x")
        event["span_id"] = format(span.span_id, "016x")
    current = _current.get()
    if current.correlation_id:
        event["correlation_id"] = current.correlation_id
    return event


def configure(process: str, level: str = "info") -> None:
    """Log JSON lines to stdout under this process's name, libraries' warnings included, and start traces."""
    # Nobody takes spans in yet: their ids tie logs, calls and events together, and recording them would be for nobody.
    trace.set_tracer_provider(TracerProvider(sampler=ALWAYS_OFF))

    def add_process(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event["process"] = process
        return event

    shared: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_process,
        _with_ids,
    ]
    structlog.configure(
        processors=[*shared, _tracebacks, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level.upper()),
        logger_factory=structlog.WriteLoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    # The driver repeats each warning of the server, such as those an INSERT IGNORE is made to give.
    logging.getLogger("asyncmy").setLevel(logging.ERROR)
