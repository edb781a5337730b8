"""Composition root: wires the users service by hand, and runs it.

python -m skillsync_users.main {all|api|worker|replay|republish}
"""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from skillsync_kit import process
from skillsync_kit.app import Health, create_app
from skillsync_kit.aws import open_client
from skillsync_kit.erasures import Erasures
from skillsync_kit.exports import Exports
from skillsync_kit.foundation import Foundation, lay
from skillsync_kit.http_client import ServiceClient
from skillsync_kit.idempotency import Idempotency
from skillsync_kit.ids import new_id
from skillsync_kit.internal_client import InternalService
from skillsync_kit.process import Parts
from skillsync_kit.rebuild import Rebuild
from skillsync_kit.replay_job import run_replay
from skillsync_kit.replays import Replays
from skillsync_kit.republish import run_republish
from skillsync_kit.worker_tokens import SecretsManager, WorkerTokens
from skillsync_users import tables
from skillsync_users.clients import CognitoAccounts, CognitoUserDirectory, UserAccounts, UserDirectory
from skillsync_users.consumer import handlers
from skillsync_users.erasure.clients import ErasingServices, InternalServices
from skillsync_users.erasure.repository import ErasureRepository
from skillsync_users.erasure.service import Eraser, Leaving, Shelves
from skillsync_users.exports.clients import ExportingService, OtherService
from skillsync_users.exports.repository import ExportRepository
from skillsync_users.exports.service import Exporter, OwnData, PersonalExports
from skillsync_users.matching.repository import MatchRepository
from skillsync_users.matching.service import Matching
from skillsync_users.offerings.repository import OfferingRepository
from skillsync_users.offerings.service import Offerings, Record, Sweeper
from skillsync_users.profiles.repository import ProfileRepository
from skillsync_users.profiles.service import Profiles
from skillsync_users.proposals.repository import ProposalRepository
from skillsync_users.proposals.service import Proposals
from skillsync_users.router import conceal, routers
from skillsync_users.settings import UsersReplaySettings, UsersSettings
from skillsync_users.skills.repository import SkillRepository, load_catalogue
from skillsync_users.skills.service import Skills
from skillsync_users.stats.repository import StatisticsRepository
from skillsync_users.stats.service import Stats, Tally
from skillsync_users.suspension.service import Suspensions

__all__ = ["Outside", "build", "rebuild", "use_cases"]

_NAME = "users"
_SCOPES = ("skillsync/users.erase", "skillsync/users.export")


@dataclass(frozen=True)
class UseCases:
    """What the routes and the loops call; the names are those on `app.state`."""

    profiles: Profiles
    suspensions: Suspensions
    offerings: Offerings
    stats: Stats
    leaving: Leaving
    erasures: Erasures
    eraser: Eraser
    personal_exports: PersonalExports
    exporter: Exporter
    skills: Skills
    proposals: Proposals
    idempotency: Idempotency
    sweeper: Sweeper
    matching: Matching


@dataclass(frozen=True)
class Outside:
    """The user pool and the other services."""

    directory: UserDirectory
    accounts: UserAccounts
    services: ErasingServices
    exporting: Mapping[str, ExportingService]


def use_cases(base: Foundation, outside: Outside, erasure_days: int) -> UseCases:
    """The use cases of each feature, wired."""
    idempotency = Idempotency(tables.idempotency_records, base.clock)
    skills = Skills(database=base.database, repository=SkillRepository(), shipped=load_catalogue())
    repository = ProfileRepository()
    profiles = Profiles(
        database=base.database,
        repository=repository,
        directory=outside.directory,
        cache=base.cache,
        clock=base.clock,
        new_id=new_id,
    )
    suspensions = Suspensions(
        database=base.database, repository=repository, profiles=profiles, clock=base.clock, new_id=new_id
    )
    offering_repository = OfferingRepository()
    record = Record(repository=offering_repository, skills=skills, clock=base.clock, new_id=new_id)
    offerings = Offerings(
        database=base.database,
        repository=offering_repository,
        record=record,
        profiles=profiles,
        skills=skills,
        clock=base.clock,
        new_id=new_id,
    )
    proposal_repository = ProposalRepository()
    proposals = Proposals(
        database=base.database,
        repository=proposal_repository,
        profiles=profiles,
        skills=skills,
        clock=base.clock,
        new_id=new_id,
    )
    sweeper = Sweeper(
        database=base.database,
        repository=offering_repository,
        record=record,
        forget_old=idempotency.forget_old,
        clock=base.clock,
    )
    matching = Matching(database=base.database, repository=MatchRepository(), clock=base.clock)
    statistics = StatisticsRepository()
    stats = Stats(database=base.database, repository=statistics, profiles=profiles)
    export_repository = ExportRepository()
    erasures = Erasures(base.database, tables.erased_users, base.clock)
    shelves = Shelves(
        profiles=repository,
        offerings=offering_repository,
        proposals=proposal_repository,
        exports=export_repository,
        erasures=erasures,
        progress=ErasureRepository(),
        idempotency=idempotency,
    )
    leaving = Leaving(database=base.database, shelves=shelves, profiles=profiles, clock=base.clock, days=erasure_days)
    eraser = Eraser(
        database=base.database,
        shelves=shelves,
        leaving=leaving,
        profiles=profiles,
        accounts=outside.accounts,
        services=outside.services,
        clock=base.clock,
        new_id=new_id,
    )
    personal_exports = PersonalExports(
        database=base.database,
        repository=export_repository,
        profiles=profiles,
        clock=base.clock,
        real_clock=base.real_clock,
        new_id=new_id,
    )
    own_data = OwnData(
        profiles=repository,
        offerings=offering_repository,
        proposals=proposal_repository,
        statistics=statistics,
        clock=base.clock,
    )
    exporter = Exporter(
        database=base.database,
        repository=export_repository,
        profiles=repository,
        # This service, which need not ask itself over the network, and the others.
        services={_NAME: Exports(base.database, own_data.parts), **outside.exporting},
        clock=base.clock,
        real_clock=base.real_clock,
    )
    return UseCases(
        profiles,
        suspensions,
        offerings,
        stats,
        leaving,
        erasures,
        eraser,
        personal_exports,
        exporter,
        skills,
        proposals,
        idempotency,
        sweeper,
        matching,
    )


async def build(stack: AsyncExitStack, settings: UsersSettings) -> Parts:
    """The process's parts, over what `stack` will close."""
    base = lay(stack, settings, _NAME, tables.metadata)
    wired = use_cases(base, await _outside(stack, settings, base), settings.erasure_days)
    relay = await base.relay(stack, settings.topic_arn)
    live = handlers(Tally(StatisticsRepository()))
    consumer = await base.consumer(stack, settings.queue_url, live, rebuild=rebuild(base))
    health = Health()
    app = create_app(
        _NAME,
        health=health,
        verifier=base.verifier,
        routers=routers,
        state={**vars(wired), "operations": base.operations, "trails": base.trails},
        conceal=conceal,
    )
    return Parts(
        app,
        health,
        worker_loops=(consumer.run, wired.sweeper.run, wired.eraser.run, wired.exporter.run),
        relay_loops=(relay.run,),
        warm=(base.database.warm,),
    )


async def _outside(stack: AsyncExitStack, settings: UsersSettings, base: Foundation) -> Outside:
    pool = await open_client(stack, "cognito-idp")
    secrets = SecretsManager(await open_client(stack, "secretsmanager"), settings.worker_secret_id)
    tokens = WorkerTokens(
        base.http,
        url=settings.token_url,
        client_id=settings.worker_client_id,
        read_secret=secrets.read,
        scopes=_SCOPES,
    )
    urls = {
        "transactions": settings.transactions_url,
        "notifications": settings.notifications_url,
        "analytics": settings.analytics_url,
    }
    services = {name: InternalService(ServiceClient(base.http, name, url), tokens) for name, url in urls.items()}
    return Outside(
        directory=CognitoUserDirectory(pool, unstated_is_verified=settings.environment == "local"),
        accounts=CognitoAccounts(pool, settings.user_pool_id),
        services=InternalServices(services),
        exporting={name: OtherService(name, service) for name, service in services.items()},
    )


def rebuild(base: Foundation) -> Rebuild:
    """The read model of statistics built anew: the same handlers over tables of their own."""
    return Rebuild(
        consumer=_NAME,
        replays=Replays(tables.replays, tables.replay_cursors, _NAME),
        processed=base.processed,
        models={tables.statistics: tables.statistics_rebuilt, tables.partners: tables.partners_rebuilt},
        handlers=handlers(Tally(StatisticsRepository(tables.statistics_rebuilt, tables.partners_rebuilt))),
    )


def replay(arguments: Sequence[str]) -> None:
    """Build the read model of statistics anew."""
    run_replay(_NAME, UsersReplaySettings, tables.metadata, rebuild, arguments)


def republish(arguments: Sequence[str]) -> None:
    """Send a window of events once more."""
    run_republish(_NAME, UsersSettings, tables.metadata, arguments)


def main() -> None:
    """Run the process."""
    process.run(_NAME, UsersSettings, build, {"replay": replay, "republish": republish})


if __name__ == "__main__":
    main()
