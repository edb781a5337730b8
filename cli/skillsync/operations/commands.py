"""The commands of the operators' tools, as `skillsync` knows them."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from skillsync.operations.hold import MOST_HELD
from skillsync.paths import find_paths

ATTENTION_EXIT = 3
EXITS = "Ends with 0 when all is well, with 3 when something needs attention, with 1 when it could not be done."
QUEUES = "user, transaction, notification, analytics, feedback; with -subscription, what SNS could not deliver."

Json = Annotated[bool, typer.Option("--json", help="Print JSON; its shape is in docs/operators-tools.md.")]
QueueName = Annotated[str, typer.Argument(metavar="QUEUE", help=QUEUES)]
Env = Annotated[
    str,
    typer.Option(
        "--env", metavar="ENV", help="A deployed environment, by AWS's own credentials; what runs here when absent."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")]

dlq = typer.Typer(help="What consumers gave up on: list, show, redrive, discard.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to `skillsync`."""
    app.command(epilog=EXITS)(queues)
    app.command(epilog=EXITS)(outbox)
    app.command(epilog=EXITS)(erasures)
    app.command(epilog=EXITS)(reconcile)
    app.add_typer(dlq, name="dlq")


def queues(env: Env = "", as_json: Json = False) -> None:
    """Each queue: what waits, is in flight or delayed, how old the oldest is, and what lies in its DLQs.

    A DLQ that is not empty needs attention, and so does a message that waits for more than five minutes.
    """
    from skillsync.operations.queues import show_queues  # noqa: PLC0415

    end(show_queues(find_paths(), as_json, env))


def outbox(as_json: Json = False) -> None:
    """Each producer's unpublished events: how many, how late, and which subjects are stuck for what reason.

    A stuck subject needs attention, and so does a service that does not answer; the others are shown all the same.
    """
    from skillsync.operations.outbox import show_outbox  # noqa: PLC0415

    end(show_outbox(find_paths(), as_json))


def erasures(as_json: Json = False) -> None:
    """Who is to be erased and when, and of those who are, which service has not done its part yet; by id alone.

    An erasure that is not done everywhere an hour after its time needs attention.
    """
    from skillsync.operations.erasures import show_erasures  # noqa: PLC0415

    end(show_erasures(find_paths(), datetime.now(UTC), as_json))


def reconcile(as_json: Json = False) -> None:
    """Compare what analytics has counted with the ledger, exchange by exchange, and name what differs.

    An exchange that differs needs attention; one that was finalized less than a minute ago may still be on its way.
    """
    from skillsync.reconciliation.command import reconcile as compare_books  # noqa: PLC0415

    end(compare_books(find_paths(), as_json))


@dlq.command("list", epilog=EXITS)
def list_letters(
    queue: Annotated[str, typer.Argument(metavar="[QUEUE]", help=f"All of them when absent: {QUEUES}")] = "",
    limit: Annotated[int, typer.Option(min=1, max=MOST_HELD, help="Messages of each DLQ.")] = 100,
    env: Env = "",
    as_json: Json = False,
) -> None:
    """The messages in the DLQs, each with its event, the reason it failed for and its trace.

    To look is to receive: SQS counts it, and the message is hidden from other looks meanwhile. A DLQ that is not empty
    needs attention.
    """
    from skillsync.operations.dlq import Desk  # noqa: PLC0415

    end(Desk.at(find_paths(), as_json, env).look([queue] if queue else [], limit))


@dlq.command(epilog=EXITS)
def show(queue: QueueName, message_id: Annotated[str, typer.Argument()], env: Env = "", as_json: Json = False) -> None:
    """One message of a DLQ, whole."""
    from skillsync.operations.dlq import Desk  # noqa: PLC0415

    Desk.at(find_paths(), as_json, env).show(queue, message_id)


@dlq.command(epilog=EXITS)
def redrive(
    queue: QueueName,
    message_ids: Annotated[list[str] | None, typer.Argument(help="All of them when absent.")] = None,
    dry_run: DryRun = False,
    env: Env = "",
    as_json: Json = False,
) -> None:
    """Move messages of a DLQ back to their queue, at most 50 a second, once the cause is mended.

    What is still in the DLQ afterwards, of all, needs attention.
    """
    from skillsync.operations.dlq import Desk  # noqa: PLC0415

    end(Desk.at(find_paths(), as_json, env).redrive(queue, message_ids or [], dry_run=dry_run))


@dlq.command(epilog=EXITS)
def discard(
    queue: QueueName,
    message_ids: Annotated[list[str] | None, typer.Argument()] = None,
    dry_run: DryRun = False,
    all_of_them: Annotated[bool, typer.Option("--all", help="Every message of the DLQ; takes --yes.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Mean it.")] = False,
    env: Env = "",
    as_json: Json = False,
) -> None:
    """Delete messages of a DLQ for good.

    What is still in the DLQ afterwards, of all, needs attention.
    """
    from skillsync.operations.dlq import Desk, require_choice  # noqa: PLC0415

    require_choice(message_ids or [], all_of_them=all_of_them, yes=yes, dry_run=dry_run)
    end(Desk.at(find_paths(), as_json, env).discard(queue, message_ids or [], dry_run=dry_run))


def end(is_well: bool) -> None:
    """Leave with the exit status that says so."""
    if not is_well:
        raise typer.Exit(ATTENTION_EXIT)
