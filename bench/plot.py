"""The figures as a picture: throughput, and CPU of service and database, for each operation."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.measure import Sample
from bench.operations import Operation
from bench.report import Figures, figures_of

__all__ = ["plot"]

_COLOURS = {"service": "#0b6e4f", "orm": "#b3541e", "handwritten": "#3a6ea5", "floor": "#9a9a9a"}
_LABELS = {"service": "this service", "orm": "FastAPI, ORM", "handwritten": "FastAPI, asyncmy", "floor": "bare SQL"}


def plot(samples: Sequence[Sample], path: Path) -> None:
    """Draw it as SVG; the same figures give the same file."""
    figures = figures_of(samples)
    with mpl.rc_context({"svg.hashsalt": "skillsync", "svg.fonttype": "none", "font.family": "sans-serif"}):
        picture = Figure(figsize=(11, 7), layout="constrained")
        rates, costs = picture.subplots(2, 1)
        _rates(rates, figures)
        _costs(costs, figures)
        handles, labels = rates.get_legend_handles_labels()
        picture.legend(handles, labels, loc="outside upper center", ncols=4, frameon=False)
        picture.savefig(path, format="svg", metadata={"Date": None})


def _rates(axes: Axes, figures: Mapping[Operation, Mapping[str, Figures]]) -> None:
    for name, places, found in _bars(figures):
        bars = axes.bar(places, [f.requests_per_second for f in found], 0.2, color=_COLOURS[name], label=_LABELS[name])
        axes.bar_label(bars, fmt="{:,.0f}", fontsize=7)
    _name_operations(axes, figures)
    axes.set_ylabel("requests a second")


def _costs(axes: Axes, figures: Mapping[Operation, Mapping[str, Figures]]) -> None:
    for name, places, found in _bars(figures):
        own = [f.service_cpu_milliseconds for f in found]
        database = [f.database_cpu_milliseconds for f in found]
        axes.bar(places, own, 0.2, color=_COLOURS[name])
        bars = axes.bar(places, database, 0.2, bottom=own, color=_COLOURS[name], alpha=0.4)
        axes.bar_label(bars, labels=[f"{cost:.2f}" for cost in own], fontsize=7)
    _name_operations(axes, figures)
    axes.set_ylabel("CPU ms a request: service (figure), and database (pale)")


def _bars(
    figures: Mapping[Operation, Mapping[str, Figures]],
) -> list[tuple[str, list[float], list[Figures]]]:
    """Each implementation with the places of its bars and their figures."""
    names = [name for name in _COLOURS if any(name in by_name for by_name in figures.values())]
    middle = (len(names) - 1) / 2
    return [
        (
            name,
            [place + 0.2 * (number - middle) for place in range(len(figures))],
            [f[name] for f in figures.values()],
        )
        for number, name in enumerate(names)
    ]


def _name_operations(axes: Axes, figures: Mapping[Operation, Mapping[str, Figures]]) -> None:
    axes.set_xticks(range(len(figures)), [operation.value for operation in figures])
    axes.spines[["top", "right"]].set_visible(False)
