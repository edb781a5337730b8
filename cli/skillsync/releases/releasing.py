"""What `skillsync deploy`, `rollback` and `releases` do."""

import json
import sys
from pathlib import Path
from typing import Any

from skillsync.errors import Problem
from skillsync.local.tables import make_console
from skillsync.releases.account import enter, find_environment, problems
from skillsync.releases.history import Attempt, History, before, runs_now
from skillsync.releases.rollout import Rollout
from skillsync.releases.source import Source, source
from skillsync.releases.tables import release_table
from skillsync.releases.view import View
from skillsync.stacks import Environment


def deploy(checkout: Path, name: str, release: str, *, only_plan: bool) -> None:
    """Bring the environment to the release. Raises Problem."""
    with source(checkout, release) as files:
        env = find_environment(name, files.root)
        _require_committed(env, files)
        account, view = enter(env), View(make_console())
        rollout = Rollout(account, env, files, view)
        view.where("plan" if only_plan else "deploy", env, account.number, files.release)
        if only_plan:
            view.plan(rollout.plan())
            return
        _guarded(rollout, env, "deploy")
        view.say(f"[bold green]{env.name} runs {files.release}.[/]")


def rollback(checkout: Path, name: str, to: str, *, only_plan: bool) -> None:
    """Bring the environment back to a release it ran. Raises Problem."""
    env = find_environment(name, checkout)
    account, view = enter(env), View(make_console())
    with problems():
        attempts = History(account.client("ssm"), env.name).read()
    target = _target(env, attempts, to)
    with source(checkout, target.commit) as files:
        found = Source(target.release, target.commit, files.root)
        env = find_environment(name, found.root)
        rollout = Rollout(account, env, found, view)
        view.where("plan of a rollback" if only_plan else "rollback", env, account.number, found.release)
        if only_plan:
            view.plan(rollout.plan(target.images))
            return
        _guarded(rollout, env, "rollback", target)
        view.say(f"[bold green]{env.name} runs {found.release} again.[/]")


def show_releases(checkout: Path, name: str, *, as_json: bool) -> None:
    """Print the environment's attempts. Raises Problem."""
    env = find_environment(name, checkout)
    account = enter(env)
    with problems():
        attempts = History(account.client("ssm"), env.name).read()
    now = runs_now(attempts)
    if as_json:
        json.dump(
            {"environment": env.name, "releases": [_document(one, now) for one in attempts]}, sys.stdout, indent=2
        )
        sys.stdout.write("\n")
    elif attempts:
        make_console().print(release_table(attempts, now))
    else:
        View(make_console()).say(f"{env.name}: nothing has been deployed to account {account.number} yet.")


def _require_committed(env: Environment, files: Source) -> None:
    if env.is_protected and not files.is_committed:
        raise Problem(
            f"{env.name} is protected and takes only what is committed: commit, or name a release (--release TAG)."
        )


def _target(env: Environment, attempts: list[Attempt], to: str) -> Attempt:
    """The attempt to go back to."""
    if not attempts:
        raise Problem(f"{env.name}: nothing has been deployed yet, so there is nothing to go back to.")
    done = [one for one in attempts if one.outcome == "succeeded"]
    target = next((one for one in done if one.release == to), None) if to else before(attempts)
    if target is None and to:
        known = ", ".join(dict.fromkeys(one.release for one in done)) or "none"
        raise Problem(f"{env.name} never ran release {to}; it ran: {known}. `skillsync deploy --release` takes others.")
    if target is None:
        raise Problem(f"{env.name}: no other release than {attempts[0].release} has run here: `skillsync releases`.")
    if not Source(target.release, target.commit, Path()).is_committed:
        raise Problem(
            f"{env.name}: {target.release} was deployed from files that no commit holds, so they are nowhere: name "
            "another (--to), as `skillsync releases` lists them."
        )
    return target


def _guarded(rollout: Rollout, env: Environment, action: str, target: Attempt | None = None) -> None:
    try:
        rollout.deploy(action, target.images if target else None)
    except Problem as problem:
        raise Problem(
            f"{str(problem).rstrip('.')}. What was done before it stays: mend it and deploy again, or "
            f"`skillsync rollback {env.name}`."
        ) from None


def _document(attempt: Attempt, now: Attempt | None) -> dict[str, Any]:
    kept = ("action", "release", "commit", "images", "outcome", "note", "by")
    return {name: getattr(attempt, name) for name in kept} | {
        "runs": attempt is now,
        "began_at": attempt.began_at.isoformat() if attempt.began_at else None,
        "ended_at": attempt.ended_at.isoformat() if attempt.ended_at else None,
    }
