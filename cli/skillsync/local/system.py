"""The whole local system under one supervisor: brought up, kept whole, shut down."""

import asyncio

from skillsync.errors import Problem
from skillsync.local import fleet, ports, wiring
from skillsync.local.cloud import Cloud
from skillsync.local.concurrency import together
from skillsync.local.crashes import Crashes, describe_exit
from skillsync.local.document import Document
from skillsync.local.fleet import CLOUD, GATEWAY, Address
from skillsync.local.jobs import write_environments
from skillsync.local.progress import Progress
from skillsync.local.provision import Provision
from skillsync.local.seeds import AddressTaken, seed
from skillsync.local.state import write_json
from skillsync.local.step import run_step
from skillsync.options import Options
from skillsync.paths import OPERATIONS, SERVICES, Paths
from skillsync.supervision.process import SupervisedProcess
from skillsync.supervision.specification import Specification
from skillsync.supervision.supervisor import Supervisor


class System:
    """Call `bring_up` once, then `shut_down` once, whatever came of it."""

    def __init__(self, options: Options, paths: Paths, progress: Progress) -> None:
        self._options = options
        self._paths = paths
        self._progress = progress
        assigned = ports.assign(fleet.process_names(options), paths.ports_file, reserved={options.port})
        self._addresses = {name: Address(port) for name, port in assigned.items()}
        self._gateway = Address(options.port)
        self._cloud = Cloud(options, paths, self._addresses.get(CLOUD), progress)
        self._crashes = Crashes()
        self._repair: asyncio.Task[None] | None = None
        self.supervisor = Supervisor(self._changed)
        self.document = Document(paths, options, self._gateway.url, self._cloud.endpoint, self.supervisor)

    async def bring_up(self) -> None:
        """Everything is ready and seeded when this returns. Raises Problem."""
        self.document.set_phase("starting")
        former_pool = self.document.former_pool()
        _, provision = await together(self._migrate(), self._start_cloud())
        if former_pool not in ("", provision["outputs"]["UserPoolId"]):
            self._progress.note("The user pool of the last run is gone and was made anew: people must sign up again.")
        self._adopt(provision)
        # While the services import what they need, there is time for the emulator to save.
        saving = [self._cloud.save(self.supervisor)] if provision["changed"] else []
        await together(self._start_services(provision), *saving)
        await self._seed(provision)
        self.document.set_phase("ready")

    def restart_order(self, name: str) -> list[str]:
        """Who is to be restarted: the process of this name, or all of them for "". Raises Problem."""
        if self.document.phase != "ready":
            raise Problem(f"SkillSync is {self.document.phase}: a restart needs a system that is ready.")
        if name and name not in self.supervisor.processes:
            raise Problem(f"There is no process '{name}': say one of {', '.join(self.supervisor.processes)}.")
        return [name] if name else self.supervisor.restart_order()

    async def restart(self, name: str) -> None:
        """Put a new process in the place of this one. Raises Problem when the new one is not ready."""
        await self.supervisor.processes[name].restart()
        self._progress.note(f"{name} was restarted, as asked for.")

    async def shut_down(self) -> None:
        """Drain in order, and leave nothing running."""
        self.document.set_phase("draining")
        self._cancel_repair()
        await self.supervisor.drain()
        self._cloud.note_end()
        self.document.set_phase("stopped")

    def _cancel_repair(self) -> None:
        if self._repair is not None:
            self._repair.cancel()

    async def _migrate(self) -> None:
        with self._progress.step("Databases migrated"):
            environment = fleet.base_environment(self._options) | {"DATABASE": self._options.database.text}
            await run_step("skillsync.local.migrate", (), environment)

    async def _start_cloud(self) -> Provision:
        await self._cloud.start(self.supervisor)
        with self._progress.step("Stacks made, demo people signed up"):
            return await self._run_provision()

    async def _run_provision(self) -> Provision:
        urls = {service: self._addresses[service].url for service in (*SERVICES, OPERATIONS)}
        return await self._cloud.provision(urls | {GATEWAY: self._gateway.url})

    def _adopt(self, provision: Provision) -> None:
        write_json(self._paths.gateway_parameters, provision["gateway_parameters"])
        self.document.set_provision(provision)

    def _service_specifications(self, provision: Provision) -> list[Specification]:
        specifications = wiring.service_specifications(
            self._options,
            self._paths,
            addresses=self._addresses,
            endpoint=self._cloud.endpoint,
            gateway_url=self._gateway.url,
            provision=provision,
        )
        write_environments(self._paths, specifications)
        return specifications

    async def _start_services(self, provision: Provision) -> None:
        with self._progress.step("Services and gateway ready"):
            specifications = self._service_specifications(provision)
            base = fleet.base_environment(self._options)
            specifications.append(fleet.gateway_specification(self._paths, base, self._gateway))
            for specification in specifications:
                self.supervisor.start(specification)
            await self.supervisor.require_ready([specification.name for specification in specifications])

    async def _seed(self, provision: Provision) -> None:
        with self._progress.step("Demo people have profiles and offerings"):
            try:
                await seed(self._gateway.url, provision["people"])
            except AddressTaken as taken:
                # The database is older than the pool: the same people, under other addresses.
                self._progress.note(
                    f"The database knows {taken} from an older user pool: new addresses for demo people."
                )
                tag = provision["outputs"]["UserPoolId"].rpartition("_")[2].lower()
                write_json(self._paths.people_file, {"tag": tag})
                renamed = await self._run_provision()
                self._adopt(renamed)
                await self._cloud.save(self.supervisor)
                await seed(self._gateway.url, renamed["people"])

    def _changed(self, process: SupervisedProcess) -> None:
        name, what = process.specification.name, self._crashes.observe(process)
        if self.document.phase == "ready" and what == "crashed":
            self._progress.note(f"{name} ended ({describe_exit(process.exit_code)}); it is started again.")
            if name == CLOUD:
                self._cancel_repair()
                self.document.is_under_repair = True
        elif self.document.phase == "ready" and what == "back":
            self._progress.note(f"{name} is ready again.")
            if name == CLOUD:
                self._repair = asyncio.create_task(self._repair_cloud())
        self.document.write()

    async def _repair_cloud(self) -> None:
        """After a crash the emulator has what it last saved: make the rest again, and tell everybody what changed."""
        saved = self._cloud.last_saved()
        self._progress.note(f"Whoever signed up since the emulator last saved ({saved}) is unknown to its user pool.")
        former_pool = self.document.status["user_pool_id"]
        try:
            provision = await self._run_provision()
            self._adopt(provision)
            if provision["changed"]:
                await self._cloud.save(self.supervisor)
            if provision["outputs"]["UserPoolId"] != former_pool:
                await self._restart_all(provision)
            if provision["changed"]:
                await self._seed(provision)
        except Problem as problem:
            self._progress.note(f"The emulator could not be repaired: {problem}")
        else:
            self.document.is_under_repair = False
            self.document.write()

    async def _restart_all(self, provision: Provision) -> None:
        """Every process but the emulator, with what it must know now."""
        environments = {one.name: one.environment for one in self._service_specifications(provision)}
        await together(
            *(
                process.restart(environments.get(name))
                for name, process in self.supervisor.processes.items()
                if name != CLOUD
            )
        )
        await self.supervisor.require_ready([*environments, GATEWAY])
