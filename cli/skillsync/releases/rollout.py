"""Deploying a release: every stack in order, migrations before the services that need them, all of it recorded."""

from collections.abc import Mapping

from skillsync import stacks
from skillsync.errors import Problem
from skillsync.releases import images, tasks
from skillsync.releases.account import Account, problems
from skillsync.releases.history import Attempt, History
from skillsync.releases.planning import Planned
from skillsync.releases.planning import plan as plan_stacks
from skillsync.releases.source import Source
from skillsync.releases.tasks import Job
from skillsync.releases.view import View
from skillsync.stacks import Environment
from skillsync.templates import KNOWN_LATER

# The release's name, to the templates that ask for it.
_RELEASE = "Release"
# The parameter of an environment that lives in an emulator.
_EMULATED = "Emulated"


class Rollout:
    """One release on its way to one environment."""

    def __init__(self, account: Account, env: Environment, source: Source, view: View) -> None:
        self._account = account
        self._env = env
        self._source = source
        self._view = view
        self._cloudformation = account.client("cloudformation")
        self._history = History(account.client("ssm"), env.name)

    def plan(self, digests: Mapping[str, str] | None = None) -> list[Planned]:
        """What `deploy` would change. Raises Problem, also for a release whose images are not there."""
        with problems():
            known = self._present()
            services = images.wanted(self._env)
            found = digests or images.resolve(self._account.client("ecr"), services, known, self._source.release)
            given = {f"{service}{images.IMAGE}": KNOWN_LATER for service in services} | images.uris(found, known)
            return plan_stacks(self._account, self._env, given | {_RELEASE: self._source.release})

    def deploy(self, action: str, digests: Mapping[str, str] | None = None) -> None:
        """Bring every stack there and record it. With `digests`, those of an earlier attempt, no job is run: older code
        runs on the newer schema. Raises Problem with the first failing resource.
        """
        with problems():
            attempt = self._history.begin(action, self._source.release, self._source.commit)
        found = dict(digests or {})
        try:
            with problems():
                self._roll(attempt, found, runs_jobs=digests is None)
        except Problem as problem:
            with problems():
                self._history.end(attempt, "failed", found, str(problem))
            raise
        with problems():
            self._history.end(attempt, "succeeded", found)

    def _roll(self, attempt: Attempt, digests: dict[str, str], *, runs_jobs: bool) -> None:
        # Before anything is touched, wherever there is a registry by now.
        self._resolve(digests, self._present())
        tags = {"app": "skillsync", "environment": self._env.name, "release": self._source.release}
        known = {_RELEASE: self._source.release}
        jobs: list[Job] = []
        for stack in stacks.plan(self._env):
            if not images.images_of(stack) <= set(digests):
                self._resolve(digests, known)
            if not stack.is_job:
                self._run(jobs, attempt)
            self._history.require_newest()
            self._view.stack_begins(stack)
            filled = stacks.wire(stack, self._env, known | images.uris(digests, known))
            made = stacks.deploy(
                self._cloudformation, stack.stack_name, stack.body, filled, tags, on_event=self._view.event
            )
            self._view.stack_ends(stack)
            known |= made
            if stack.is_job and runs_jobs:
                jobs.append(Job(stack.name, known | filled))
        self._run(jobs, attempt)

    def _resolve(self, digests: dict[str, str], known: Mapping[str, str]) -> None:
        missing = [service for service in images.wanted(self._env) if service not in digests]
        if missing:
            digests |= images.resolve(self._account.client("ecr"), missing, known, self._source.release)

    def _run(self, jobs: list[Job], attempt: Attempt) -> None:
        if not jobs:
            return
        names = ", ".join(job.name for job in jobs)
        if self._env.parameters.get(_EMULATED) == "true":
            self._view.say(f"[bold]{names}[/]\n  [yellow]not run: an emulator keeps tasks as entries and runs none[/]")
            jobs.clear()
            return
        self._view.say(f"[bold]{names}[/] run")
        started_by = f"skillsync-{attempt.id}"
        tasks.run(self._account.client("ecs"), self._account.client("logs"), jobs, started_by)
        self._view.say("  [green]✓[/] ended with 0")
        jobs.clear()

    def _present(self) -> dict[str, str]:
        """The outputs of the stacks that are there."""
        known: dict[str, str] = {}
        for stack in stacks.plan(self._env):
            known |= stacks.find_outputs(self._cloudformation, stack.stack_name) or {}
        return known
