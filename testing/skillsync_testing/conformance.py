"""Does a service answer as its OpenAPI document says? Schemathesis makes the requests and holds the answers against it.

The requests go to the app in this process and in the test's event loop, where its database lives; Hypothesis, which
knows no event loop, draws them in a thread beside it.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as some
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

__all__ = ["Explored", "Hints", "explore"]

Request = Case[Any]
Operation = APIOperation[Any, Any, Any, Any]

_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
_BASE = "http://service.example"
_LONGEST_WAIT_SECONDS = 30
_as_a_rule = some.sampled_from([True, True, True, False])


@dataclass(frozen=True)
class Hints:
    """What a generator cannot guess.

    Tokens that are trusted; values of parameters and of members of a body, by name; and by operation
    (`POST /v1/things/{id}/use`) pairs of an id for its path, if there is one, and a token, with which it can succeed;
    each pair is used once.
    """

    tokens: Sequence[str]
    values: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    fitting: Mapping[str, list[tuple[str, str]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Explored:
    """How many requests were made, of how many operations, and which of these had no success."""

    requests: int
    operations: int
    unreached: list[str]


async def explore(
    document: dict[str, Any], client: httpx2.AsyncClient, hints: Hints, *, examples: int, seed_number: int
) -> Explored:
    """Make so many good and as many bad requests of each operation.

    Fails on the first answer that the document does not foresee. The same seed makes the same requests.
    """
    loop = asyncio.get_running_loop()
    answered: dict[str, list[int]] = defaultdict(list)

    def ask(case: Request) -> None:
        answer = asyncio.run_coroutine_threadsafe(_send(client, case), loop).result(_LONGEST_WAIT_SECONDS)
        answered[case.operation.label].append(answer.status_code)
        case.validate_response(answer, checks=_CHECKS)

    await asyncio.to_thread(_ask_all, document, hints, ask, examples, seed_number)
    unreached = [name for name, statuses in answered.items() if not any(200 <= status < 300 for status in statuses)]
    return Explored(sum(map(len, answered.values())), len(answered), unreached)


def _ask_all(
    document: dict[str, Any], hints: Hints, ask: Callable[[Request], None], examples: int, seed_number: int
) -> None:
    explored = settings(
        max_examples=examples,
        database=None,
        deadline=None,
        # What was asked changes what is there: a failing request is shown as it is, not made smaller by asking again.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        if not isinstance(found, Ok):
            raise found.err()
        for requests_of_its_kind in (_good_requests(found.ok(), hints), _bad_requests(found.ok(), hints)):
            # Not the same draws for each operation.
            seed(f"{seed_number} {found.ok().label}")(explored(given(requests_of_its_kind)(ask)))()


@some.composite
def _good_requests(draw: some.DrawFn, operation: Operation, hints: Hints) -> Request:
    """Requests that keep to the schema; the first of them can succeed, as long as there are pairs that fit."""
    case = _hinted(draw, draw(operation.as_strategy(GenerationMode.POSITIVE)), hints)
    if pairs := hints.fitting.get(operation.label):
        id, token = pairs.pop()
        for name in case.path_parameters.keys() & {"id", "user_id"}:
            case.path_parameters[name] = id
        case.headers["Authorization"] = f"Bearer {token}"
        case.headers.update(_agreeable_headers(case))
    return case


@some.composite
def _bad_requests(draw: some.DrawFn, operation: Operation, hints: Hints) -> Request:
    """Requests that break the schema somewhere, if no hint has mended it."""
    return _hinted(draw, draw(operation.as_strategy(GenerationMode.NEGATIVE)), hints)


def _hinted(draw: some.DrawFn, case: Request, hints: Hints) -> Request:
    """The same, as a rule with a trusted token, with values that are there, and headers that do not refuse it."""
    for part in (case.path_parameters, case.query, case.body):
        for name in hints.values:
            if isinstance(part, dict) and name in part and draw(_as_a_rule):
                part[name] = draw(some.sampled_from(hints.values[name]))
    if draw(_as_a_rule):
        case.headers["Authorization"] = f"Bearer {draw(some.sampled_from(hints.tokens))}"
    if draw(_as_a_rule):
        case.headers.update(_agreeable_headers(case))
    return case


def _agreeable_headers(case: Request) -> dict[str, str]:
    """Values that refuse nothing, for those headers that the request has."""
    values = {"Idempotency-Key": str(uuid4()), "If-Match": "*"}
    return {name: value for name, value in values.items() if name in case.headers}


async def _send(client: httpx2.AsyncClient, case: Request) -> httpx2.Response:
    # The library writes the request as it would be sent; what sends it here takes its headers as bytes.
    wanted = requests.Request(**case.as_transport_kwargs(base_url=_BASE)).prepare()
    headers = [(_bytes(name), _bytes(value)) for name, value in wanted.headers.items()]
    return await client.request(
        str(wanted.method), str(wanted.url), content=_bytes(wanted.body or b""), headers=headers
    )


def _bytes(content: Any) -> bytes:
    return content.encode("latin-1") if isinstance(content, str) else bytes(content)
