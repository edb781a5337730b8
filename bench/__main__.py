"""`make bench`: prepares, checks that all implementations do the same, measures, and reports.

python -m bench [--rounds N] [--requests N] [--operations create,get] [--only service,handwritten] [--profile create]
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import psutil
import typer
from rich.console import Console

from bench import conformance, report
from bench.client import LoadError
from bench.conformance import Difference
from bench.load import CONNECTIONS, Floor
from bench.measure import Sample, rounds, warm_up
from bench.operations import Exchange, Operation
from bench.plot import plot
from bench.profiling import PROFILE_ROUNDS, profile_service, show_profile
from bench.servers import ROOT
from bench.stage import NAMES, SERVICE, Stage, stage
from skillsync_testing.server import ServerError

RESULTS = ROOT / "bench" / "results"
# Everybody takes part so often at once at the most, or somebody would come to their floor.
MOST_AT_ONCE = 8

Name = TypeVar("Name", bound=str)


def main(
    round_count: Annotated[int, typer.Option("--rounds", min=1, help="How often each operation is measured.")] = 5,
    requests: Annotated[int, typer.Option(min=CONNECTIONS, help="Requests of one operation in one round.")] = 640,
    operations: Annotated[str, typer.Option(help=f"Some of {','.join(Operation)}; all when absent.")] = "",
    only: Annotated[str, typer.Option(help=f"Some of {','.join(NAMES)}; all when absent.")] = "",
    people: Annotated[int, typer.Option(min=100, help="How many people take part.")] = 1000,
    profile: Annotated[str, typer.Option(help="Profile the service at this operation instead.")] = "",
    results: Annotated[Path, typer.Option(help="Where table, plot and raw figures go.")] = RESULTS,
) -> None:
    """Load over the transactions service and over other ways to write it, interleaved, on a durable MariaDB."""
    console = Console()
    if not console.is_terminal:
        # In a file nothing has to be cut off.
        console = Console(width=120)
    try:
        wanted, names = _chosen(operations, list(Operation)), _chosen(only, list(NAMES))
        if profile:
            (operation,) = _chosen(profile, list(Operation))
            _require_room([operation], PROFILE_ROUNDS, requests, people)
            _profile(console, operation, requests, people)
        else:
            _require_room(wanted, round_count, requests, people)
            _bench(console, wanted, names, round_count, requests, people, results)
    except (LoadError, ServerError, Difference, ValueError) as error:
        console.print(f"[red]bench:[/] {error}", highlight=False, markup=True)
        raise typer.Exit(1) from None


def _bench(
    console: Console,
    operations: Sequence[Operation],
    names: Sequence[str],
    round_count: int,
    requests: int,
    people: int,
    results: Path,
) -> None:
    started = time.monotonic()
    with console.status("starting") as status, stage(names, people, status.update) as ready:
        status.update("checking that all do the same")
        _check(console, ready)
        warm_up(ready.implementations, ready.people, status.update)
        samples = list(
            rounds(
                ready.implementations,
                ready.database,
                ready.people,
                count=round_count,
                requests=requests,
                operations=operations,
                progress=status.update,
            )
        )
    report.show(console, samples)
    _warn_of_the_load(console, samples)
    conditions = {
        "requests": f"{requests} of each operation in each of {round_count} rounds, over {CONNECTIONS} connections",
        "people": people,
        **report.machine(),
        "cores": psutil.cpu_count(),
    }
    _write(results, samples, conditions)
    console.print(f"Written to {results} after {time.monotonic() - started:.0f} s.", highlight=False)


def _check(console: Console, ready: Stage) -> None:
    """Play one exchange on each, and compare it with the service's. Raises Difference."""
    author, other, stranger = ready.people[:3]
    journeys = {}
    for which in ready.implementations:
        exchange, database = Exchange(author, other), ready.database_of(which.name)
        if isinstance(which, Floor):
            journeys[which.name] = conformance.play_floor(which, exchange, ready.database, database)
        else:
            port = ready.servers[which.name].port
            journeys[which.name] = conformance.play(port, exchange, stranger, ready.database, database)
    if SERVICE not in journeys:
        console.print("[yellow]The service is not among them: nothing to compare the others with.[/]")
        return
    for name, journey in journeys.items():
        if name != SERVICE:
            conformance.compare(journeys[SERVICE], journey, name, in_order=name != "orm")
    report.show_statements(console, {name: journey.statements for name, journey in journeys.items()})


def _profile(console: Console, operation: Operation, requests: int, people: int) -> None:
    with console.status("starting") as status:
        found = profile_service(operation, requests, people, status.update)
    show_profile(console, operation, found)


def _write(results: Path, samples: Sequence[Sample], conditions: dict[str, Any]) -> None:
    results.mkdir(parents=True, exist_ok=True)
    (results / "figures.md").write_text(report.as_markdown(samples, conditions))
    (results / "figures.json").write_text(report.as_json(samples, conditions))
    plot(samples, results / "figures.svg")


def _warn_of_the_load(console: Console, samples: Sequence[Sample]) -> None:
    """Say so when the load generator was busy for most of the time: then it is what was measured."""
    for sample in samples:
        share = sample.measured.load_cpu_seconds / sample.measured.seconds
        if share > 0.7:
            what = f"round {sample.round}, {sample.operation} on {sample.implementation}"
            console.print(f"[yellow]{what}: the load generator was busy for {share:.0%} of the time[/]")


def _chosen(text: str, among: Sequence[Name]) -> list[Name]:
    """The names in a list with commas, in their usual order; all of them when it is empty."""
    asked = [name.strip() for name in text.split(",") if name.strip()]
    if unknown := [name for name in asked if name not in among]:
        raise ValueError(f"there is no {', '.join(unknown)}; there are: {', '.join(among)}")
    return [name for name in among if name in asked] or list(among)


def _require_room(operations: Sequence[Operation], round_count: int, requests: int, people: int) -> None:
    """Refuse a load under which somebody would come to their floor, or have too many open proposals."""
    finalizes = Operation.FINALIZE in operations
    at_once = requests if finalizes else requests * round_count
    if at_once > people * MOST_AT_ONCE:
        raise ValueError(f"{at_once} exchanges at once need --people {at_once // MOST_AT_ONCE + 1} or more")


if __name__ == "__main__":
    typer.run(main)
