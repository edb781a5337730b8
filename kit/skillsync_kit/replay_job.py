"""The job `replay`: builds a consumer's read model anew from its producers' exports.

    python -m skillsync_<service>.main replay [--from MOMENT] [--to MOMENT] [--apply] [--afresh] [--discard]

Ends with 0 when both models are equal or the rebuilt one was taken over, and the replay is over; with 4 when they
differ, and the replay stays open, so that it can go on with --apply.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from datetime import datetime
from typing import NoReturn

from pydantic_core import to_jsonable_python
from sqlalchemy import MetaData

from skillsync_kit.aws import open_client
from skillsync_kit.foundation import Foundation, lay
from skillsync_kit.http_client import ServiceClient
from skillsync_kit.internal_client import InternalService
from skillsync_kit.jobs import run_job
from skillsync_kit.rebuild import Rebuild
from skillsync_kit.replay import Replay, Result
from skillsync_kit.settings import Settings
from skillsync_kit.telemetry import log
from skillsync_kit.worker_tokens import SecretsManager, WorkerTokens

__all__ = ["ReplaySettings", "moment", "run_replay"]

_SCOPES = ("skillsync/events.read",)
_EXPORT_SECONDS = 30
_DIFFERENT = 4


class ReplaySettings(Settings):
    """The worker's identity; a service adds where its producers are."""

    token_url: str
    worker_client_id: str
    worker_secret_id: str

    @property
    def producers(self) -> Mapping[str, str]:
        """Base URLs of the services whose events the consumer hears, by name."""
        raise NotImplementedError


def run_replay(
    name: str,
    kind: type[ReplaySettings],
    metadata: MetaData,
    rebuild: Callable[[Foundation], Rebuild],
    arguments: Sequence[str],
) -> NoReturn:
    """Run the job for the service `name`, over its tables."""
    chosen = _parse(arguments)

    async def work(stack: AsyncExitStack, settings: ReplaySettings) -> int:
        base = lay(stack, settings, name, metadata)
        replay = Replay(base.database, rebuild(base), base.clock)
        if chosen.discard:
            log.info("replay discarded", consumer=name, was_open=await replay.discard())
            return 0
        await replay.begin(chosen.since, chosen.until, afresh=chosen.afresh)
        tokens = await _tokens(stack, settings, base)
        for producer, url in settings.producers.items():
            client = ServiceClient(base.http, producer, url, timeout_seconds=_EXPORT_SECONDS)
            await replay.feed(producer, InternalService(client, tokens))
        result = await replay.finish(apply=chosen.apply)
        _tell(name, result)
        return 0 if result.is_applied or result.comparison.is_equal else _DIFFERENT

    run_job(f"{name}-replay", kind, work)


def moment(text: str) -> datetime:
    """A moment in ISO 8601. Raises ArgumentTypeError when it has no offset."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no moment such as 2030-01-01T12:00:00Z")
    return found


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="replay", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--from", dest="since", type=moment, help="only events written at this moment or later")
    parser.add_argument("--to", dest="until", type=moment, help="only events written before this moment")
    parser.add_argument("--apply", action="store_true", help="let the rebuilt model take the live one's place")
    parser.add_argument("--afresh", action="store_true", help="begin anew instead of going on with an open replay")
    parser.add_argument("--discard", action="store_true", help="end the open replay and forget what it built")
    return parser.parse_args(arguments)


async def _tokens(stack: AsyncExitStack, settings: ReplaySettings, base: Foundation) -> WorkerTokens:
    secrets = SecretsManager(await open_client(stack, "secretsmanager"), settings.worker_secret_id)
    return WorkerTokens(
        base.http,
        url=settings.token_url,
        client_id=settings.worker_client_id,
        read_secret=secrets.read,
        scopes=_SCOPES,
    )


def _tell(name: str, result: Result) -> None:
    log.info(
        "replay compared",
        consumer=name,
        is_equal=result.comparison.is_equal,
        is_applied=result.is_applied,
        only_rebuilt=result.only_rebuilt,
        only_live=result.only_live,
        models=[asdict(model) for model in result.comparison.models],
        differences=to_jsonable_python([asdict(difference) for difference in result.comparison.differences]),
    )
