"""The commands that change and show environments on AWS, as `skillsync` knows them."""

from typing import Annotated

import typer

from skillsync.paths import find_paths

Env = Annotated[str, typer.Argument(metavar="ENV", help="An environment of infra/environments.yaml, as in dev-ada.")]
Plan = Annotated[bool, typer.Option("--plan", help="Show what would change, and change nothing.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `skillsync`."""
    for command in (deploy, rollback, releases, destroy, diff, cost):
        app.command()(command)


def deploy(
    env: Env,
    plan: Plan = False,
    release: Annotated[
        str, typer.Option(help="A git tag or commit, and its images' tag; this working tree when absent.")
    ] = "",
) -> None:
    """Bring an environment to a release: every stack in order, its migrations before its services."""
    from skillsync.releases.releasing import deploy as bring_to  # noqa: PLC0415

    bring_to(find_paths().root, env, release, only_plan=plan)


def rollback(
    env: Env,
    to: Annotated[
        str, typer.Option(help="A release that `skillsync releases` lists; the one before when absent.")
    ] = "",
    plan: Plan = False,
) -> None:
    """Bring an environment back to a release that it ran: its templates and images, never its schema."""
    from skillsync.releases.releasing import rollback as bring_back  # noqa: PLC0415

    bring_back(find_paths().root, env, to, only_plan=plan)


def releases(env: Env, as_json: Json = False) -> None:
    """What an environment runs, and what it ran before: the newest first, some fifty."""
    from skillsync.releases.releasing import show_releases  # noqa: PLC0415

    show_releases(find_paths().root, env, as_json=as_json)


def destroy(env: Env, yes: Annotated[bool, typer.Option("--yes", help="Mean it.")] = False) -> None:
    """Delete an environment's stacks, the last first, with all that they hold. A protected one is refused."""
    from skillsync.releases.destruction import destroy as take_down  # noqa: PLC0415

    take_down(find_paths().root, env, yes=yes)


def diff(
    env: Env,
    other: Annotated[str, typer.Argument(metavar="ENV", help="The one to compare it with.")],
) -> None:
    """How two environments differ, as their files say: stacks, parameters, resources. Needs no credentials."""
    from skillsync.releases.difference import show_difference  # noqa: PLC0415

    show_difference(find_paths().root, env, other)


def cost(env: Env, as_json: Json = False) -> None:
    """What an environment costs a month, by resource, estimated from infra/prices.yaml. Needs no credentials."""
    from skillsync.releases.cost import show_cost  # noqa: PLC0415

    show_cost(find_paths().root, env, as_json=as_json)
