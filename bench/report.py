"""What was measured, as a table for people, markdown for the repository and JSON for programs."""

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.measure import Sample, by_operation
from bench.operations import Operation

__all__ = ["Figures", "as_json", "as_markdown", "figures_of", "machine", "ratios_of", "show", "show_statements"]

SERVICE, ORM, HANDWRITTEN = "service", "orm", "handwritten"
AIMS = {ORM: 2.0, HANDWRITTEN: 0.7}
_HEADS = ("req/s", "p50 ms", "p99 ms", "CPU ms", "database CPU ms", "deadlocks")


@dataclass(frozen=True, slots=True)
class Figures:
    """One implementation at one operation: medians over the rounds, latencies over all requests; CPU per request."""

    requests_per_second: float
    p50_milliseconds: float
    p99_milliseconds: float
    service_cpu_milliseconds: float
    database_cpu_milliseconds: float
    deadlocks: int


@dataclass(frozen=True, slots=True)
class Ratio:
    """The service against a peer, over the rounds: the median and the span. More than 1 is better than the peer."""

    throughput: float
    throughput_span: tuple[float, float]
    cpu: float
    cpu_span: tuple[float, float]


def figures_of(samples: Sequence[Sample]) -> dict[Operation, dict[str, Figures]]:
    """Figures by operation and implementation."""
    return {
        operation: {name: _figures([s for s in found if s.implementation == name]) for name in _names(found)}
        for operation, found in by_operation(samples).items()
    }


def ratios_of(samples: Sequence[Sample]) -> dict[Operation, dict[str, Ratio]]:
    """Ratios by operation and peer. Each is of one round, where both met the same noise; then the median."""
    return {
        operation: {peer: _ratio(found, peer) for peer in AIMS if {SERVICE, peer} <= set(_names(found))}
        for operation, found in by_operation(samples).items()
    }


def show(console: Console, samples: Sequence[Sample]) -> None:
    """Print the tables."""
    table = Table(title="Per operation and implementation: medians over the rounds, CPU per request")
    for head in ("operation", "implementation"):
        table.add_column(head)
    for head in _HEADS:
        table.add_column(head, justify="right")
    for operation, by_name in figures_of(samples).items():
        for place, (name, figures) in enumerate(by_name.items()):
            table.add_row("" if place else operation.value, name, *_cells(figures))
        table.add_section()
    console.print(table)
    ratios = ratios_of(samples)
    if any(ratios.values()):
        console.print(_ratio_table(ratios))


def show_statements(console: Console, statements: Mapping[str, Mapping[Operation, Sequence[str]]]) -> None:
    """Print how many statements each operation takes, those that only end a transaction told apart."""
    table = Table(title="All do the same; statements of each operation, and ends of transactions")
    table.add_column("operation")
    for name in statements:
        table.add_column(name, justify="right")
    for operation in Operation:
        cells = []
        for by_each in statements.values():
            ends = sum(1 for statement in by_each[operation] if statement in ("COMMIT", "ROLLBACK"))
            cells.append(f"{len(by_each[operation]) - ends} + {ends}")
        table.add_row(operation.value, *cells)
    console.print(table)


def as_markdown(samples: Sequence[Sample], conditions: Mapping[str, Any]) -> str:
    """The tables for bench/results."""
    lines = ["# Figures of the last `make bench`", "", *_conditions(conditions), ""]
    lines += ["| Operation | Implementation | " + " | ".join(_HEADS) + " |", "|---|---|" + "--:|" * len(_HEADS)]
    for operation, by_name in figures_of(samples).items():
        for name, figures in by_name.items():
            lines.append(f"| {operation} | {name} | " + " | ".join(_cells(figures)) + " |")
    lines += ["", "The service against its peers: the median of the rounds' ratios, and their span in parentheses.", ""]
    lines += ["| Operation | Against | Aim | Throughput | CPU of the service |", "|---|---|--:|--:|--:|"]
    for operation, by_peer in ratios_of(samples).items():
        for peer, ratio in by_peer.items():
            throughput, cpu = _spanned(ratio.throughput, ratio.throughput_span), _spanned(ratio.cpu, ratio.cpu_span)
            lines.append(f"| {operation} | {peer} | {AIMS[peer]} | {throughput} | {cpu} |")
    return "\n".join(lines) + "\n"


def as_json(samples: Sequence[Sample], conditions: Mapping[str, Any]) -> str:
    """The raw figures of each round; of the latencies, the percentiles."""
    raw = []
    for sample in samples:
        measured = asdict(sample.measured)
        latencies = sorted(measured.pop("latencies"))
        measured["latency_milliseconds"] = {
            p: round(_percentile(latencies, p / 100) * 1000, 3) for p in (50, 90, 99, 100)
        }
        raw.append(
            {
                "round": sample.round,
                "operation": sample.operation,
                "implementation": sample.implementation,
                "database_cpu_seconds": round(sample.database_cpu_seconds, 3),
                "deadlocks": sample.deadlocks,
                **{name: round(value, 4) if isinstance(value, float) else value for name, value in measured.items()},
            }
        )
    return json.dumps({"conditions": dict(conditions), "samples": raw}, indent=1) + "\n"


def machine() -> dict[str, str]:
    """What the figures depend on besides the code."""
    return {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}


def _figures(samples: Sequence[Sample]) -> Figures:
    latencies = sorted(latency for sample in samples for latency in sample.measured.latencies)
    return Figures(
        requests_per_second=median(_rate(s) for s in samples),
        p50_milliseconds=_percentile(latencies, 0.5) * 1000,
        p99_milliseconds=_percentile(latencies, 0.99) * 1000,
        service_cpu_milliseconds=median(_cpu(s) for s in samples) * 1000,
        database_cpu_milliseconds=median(s.database_cpu_seconds / s.measured.requests for s in samples) * 1000,
        deadlocks=sum(s.deadlocks for s in samples),
    )


def _ratio(samples: Sequence[Sample], peer: str) -> Ratio:
    ours = {s.round: s for s in samples if s.implementation == SERVICE}
    theirs = {s.round: s for s in samples if s.implementation == peer}
    throughput = [_rate(ours[number]) / _rate(theirs[number]) for number in ours]
    cpu = [_cpu(theirs[number]) / _cpu(ours[number]) for number in ours]
    return Ratio(median(throughput), _span(throughput), median(cpu), _span(cpu))


def _rate(sample: Sample) -> float:
    return sample.measured.requests / sample.measured.seconds


def _cpu(sample: Sample) -> float:
    return max(sample.measured.service_cpu_seconds, 1e-9) / sample.measured.requests


def _span(values: Sequence[float]) -> tuple[float, float]:
    return min(values), max(values)


def _percentile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _names(samples: Sequence[Sample]) -> list[str]:
    present = {sample.implementation for sample in samples}
    return [name for name in (SERVICE, ORM, HANDWRITTEN, "floor") if name in present]


def _cells(figures: Figures) -> list[str]:
    return [
        f"{figures.requests_per_second:,.0f}",
        f"{figures.p50_milliseconds:.1f}",
        f"{figures.p99_milliseconds:.1f}",
        f"{figures.service_cpu_milliseconds:.2f}",
        f"{figures.database_cpu_milliseconds:.2f}",
        str(figures.deadlocks),
    ]


def _ratio_table(ratios: Mapping[Operation, Mapping[str, Ratio]]) -> Table:
    table = Table(title="The service against its peers: the median of the rounds' ratios (and their span)")
    for head in ("operation", "against", "aim", "throughput", "CPU of the service"):
        table.add_column(head, justify="left" if head in ("operation", "against") else "right")
    for operation, by_peer in ratios.items():
        for place, (peer, ratio) in enumerate(by_peer.items()):
            table.add_row(
                "" if place else operation.value,
                peer,
                f"≥ {AIMS[peer]}",
                _coloured(_spanned(ratio.throughput, ratio.throughput_span), ratio.throughput >= AIMS[peer]),
                _coloured(_spanned(ratio.cpu, ratio.cpu_span), ratio.cpu >= AIMS[peer]),
            )
        table.add_section()
    return table


def _spanned(value: float, span: tuple[float, float]) -> str:
    return f"{value:.2f} ({span[0]:.2f}–{span[1]:.2f})"


def _coloured(text: str, is_reached: bool) -> str:
    return f"[{'green' if is_reached else 'red'}]{text}[/]"


def _conditions(conditions: Mapping[str, Any]) -> list[str]:
    return [f"- {name}: {value}" for name, value in conditions.items()]
