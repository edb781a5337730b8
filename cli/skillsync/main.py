"""The `skillsync` command. Each command imports what it needs when it runs, so that none waits for the others'."""

import sys
from typing import Annotated

import typer

from skillsync.errors import Problem
from skillsync.operations.commands import register as register_operations
from skillsync.paths import find_paths
from skillsync.releases.commands import register as register_releases

NOT_READY_EXIT = 3

app = typer.Typer(
    help="SkillSync on this machine: the whole system in one command, and what looks into it.",
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)

Port = Annotated[str, typer.Option(envvar="PORT", help="The gateway's port; 8080 when absent.")]
DatabaseText = Annotated[
    str, typer.Option(envvar="DATABASE", help="mysql://user:password@host:port; SQLite files when absent.")
]
Cache = Annotated[str, typer.Option(envvar="CACHE", help="redis://host:port/0; in each process when absent.")]
Endpoint = Annotated[
    str, typer.Option(envvar="AWS_ENDPOINT_URL", help="Where AWS is; the emulator is started when absent.")
]
Workers = Annotated[
    str, typer.Option(envvar="WORKERS", help="'separate': a process of its own for each worker, as on AWS.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback(invoke_without_command=True)
def root(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def up(
    port: Port = "", database: DatabaseText = "", cache: Cache = "", aws: Endpoint = "", workers: Workers = ""
) -> None:
    """Start everything, stay with it, and drain it at Ctrl-C."""
    from skillsync.local.tables import make_console  # noqa: PLC0415
    from skillsync.local.up import up as bring_up  # noqa: PLC0415
    from skillsync.options import read_options  # noqa: PLC0415

    bring_up(read_options(port, database, cache, aws, workers), find_paths(), make_console())


@app.command()
def down() -> None:
    """Drain the running system and wait until nothing runs any more."""
    from skillsync.local.down import down as take_down  # noqa: PLC0415

    typer.echo("Drained." if take_down(find_paths()) else "Nothing runs.")


@app.command()
def status(as_json: Json = False) -> None:
    """What runs where. Ends with 0 when all is ready, else with 3."""
    from skillsync.views.status import show_status  # noqa: PLC0415

    if not show_status(find_paths(), as_json):
        raise typer.Exit(NOT_READY_EXIT)


@app.command()
def restart(
    process: Annotated[str, typer.Argument(help="One process; all but the emulator when absent.")] = "",
) -> None:
    """Put new processes in the place of those that run, one after another, while requests go on being answered."""
    from skillsync.local.restart import restart as put_new_ones  # noqa: PLC0415
    from skillsync.local.tables import make_console  # noqa: PLC0415

    put_new_ones(find_paths(), process, make_console())


@app.command()
def logs(
    process: Annotated[str, typer.Argument(help="One process; all of them when absent.")] = "",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is written from now on.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many lines of the past.")] = 40,
    raw: Annotated[bool, typer.Option("--raw", help="The lines as they were written.")] = False,
) -> None:
    """What the processes wrote, readable."""
    from skillsync.views.logs import show_logs  # noqa: PLC0415

    show_logs(find_paths(), process, follow=follow, lines=lines, raw=raw)


@app.command()
def mail(as_json: Json = False) -> None:
    """The mails that the local SES sent, newest last."""
    from skillsync.views.mail import show_mails  # noqa: PLC0415

    show_mails(find_paths(), as_json)


@app.command()
def token(email: Annotated[str, typer.Argument(help="A demo person's address.")]) -> None:
    """An access token of a demo person, and nothing else."""
    from skillsync.views.token import access_token  # noqa: PLC0415

    typer.echo(access_token(find_paths(), email))


@app.command()
def migrate(database: DatabaseText = "") -> None:
    """Bring every service's database to its newest schema."""
    from skillsync.local.migrate import migrate as bring_to_newest  # noqa: PLC0415
    from skillsync.options import read_database  # noqa: PLC0415

    paths = find_paths()
    paths.make_directories()
    bring_to_newest(read_database(database), paths, lambda service, revision: typer.echo(f"{service}: {revision}"))


@app.command()
def replay(
    consumer: Annotated[str, typer.Argument(help="Whose read model: analytics, or users (statistics).")] = "",
    since: Annotated[str, typer.Option("--from", help="Only events written at this moment or later.")] = "",
    until: Annotated[str, typer.Option("--to", help="Only events written before this moment.")] = "",
    apply: Annotated[bool, typer.Option("--apply", help="Let the rebuilt model take the live one's place.")] = False,
    afresh: Annotated[bool, typer.Option("--afresh", help="Begin anew instead of going on.")] = False,
    discard: Annotated[bool, typer.Option("--discard", help="End the replay that is open.")] = False,
    republish: Annotated[bool, typer.Option("--republish", help="Let producers send a window once more.")] = False,
    as_json: Json = False,
) -> None:
    """Build a read model anew from all events, beside live traffic. Ends with 0 when equal or applied, else with 4."""
    from skillsync.replay import command  # noqa: PLC0415

    if republish:
        if consumer or apply or afresh or discard:
            raise Problem("--republish is for every producer: give it a window and nothing else.")
        command.republish(find_paths(), since=since, until=until, as_json=as_json)
        return
    status = command.replay(
        find_paths(),
        consumer,
        since=since,
        until=until,
        apply=apply,
        afresh=afresh,
        discard=discard,
        as_json=as_json,
    )
    raise typer.Exit(status)


@app.command()
def demo() -> None:
    """Play an exchange between two new people through the gateway, and check every answer, event and mail."""
    from skillsync.demo.journey import play  # noqa: PLC0415
    from skillsync.local.tables import make_console  # noqa: PLC0415

    play(find_paths(), make_console())


@app.command()
def seed(
    people: Annotated[int, typer.Option("--people", help="How many; from 2 to 5000.")] = 1000,
    weeks: Annotated[int, typer.Option("--weeks", help="How long, up to last midnight; from 1 to 104.")] = 52,
    seed_number: Annotated[int, typer.Option("--seed", help="The same gives the same; from 0 to 999999.")] = 7,
    as_json: Json = False,
) -> None:
    """Let an invented community play a past year in the running system, so that there is something to look at."""
    from skillsync.seed.command import seed as play  # noqa: PLC0415

    play(find_paths(), people=people, weeks=weeks, seed_number=seed_number, as_json=as_json)


register_operations(app)
register_releases(app)


def main() -> None:
    """Entry point: a Problem is one line on stderr and exit status 1."""
    try:
        app()
    except Problem as problem:
        sys.stderr.write(f"skillsync: {problem}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output (head, less) has gone; nothing is wrong.
        sys.stderr.close()
        sys.exit(0)
