"""Draw what `compare.py --results` has written: `python benchmarks/plot.py RESULTS.json OUT.png`.

Two panels over what is in flight: calls per second, and the time of the processor per cancel; all axes are
logarithmic, and a point is the median of all rounds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.ticker import FuncFormatter, LogLocator

from speed.figures import Figures

IN_FLIGHT = (1, 64, 1_000)
LINK = "plain"
INK, FAINT, GRID = "#1c1e21", "#6b7280", "#e5e7eb"


@attrs.frozen
class Line:
    """How one client is drawn."""

    client: str
    label: str
    colour: str
    width: float = 1.6
    style: str = "-"


LINES = (
    Line("apex", "countermand, APEX", "#0b5fff", width=3.0),
    Line("autoshares", "countermand, AutoShares", "#5b9bff", width=2.2),
    Line("ccxt", "ccxt async", "#d9480f"),
    Line("aiohttp", "aiohttp", "#2b8a3e"),
    Line("httpx", "httpx.AsyncClient", "#a61e8c"),
    Line("floor", "asyncio, awaited, JSON", FAINT, style="--"),
    Line("limit", "asyncio, callbacks, no JSON", FAINT, style=":"),
)
PANELS = (("rate", "calls per second"), ("cpu_us", "µs of CPU per cancel"))


def points(figures: Figures, client: str, measure: str) -> list[tuple[int, float]]:
    """Give what is known of a client: in flight, and the median."""
    read = ((count, figures.median(client, f"{LINK}-{count}", measure)) for count in IN_FLIGHT)
    return [(count, value) for count, value in read if value]


def draw(figures: Figures, out: Path) -> None:
    """Draw both panels."""
    mpl.use("Agg")
    mpl.rcParams.update({"font.size": 10, "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": FAINT})
    figure, panels = plt.subplots(1, 2, figsize=(11, 4.8), dpi=150)
    for panel, (measure, title) in zip(panels, PANELS, strict=True):
        _frame(panel, title)
        for line in LINES:
            _line(panel, line, points(figures, line.client, measure))
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=4, frameon=False)
    figure.tight_layout(rect=(0, 0.13, 1, 1))
    figure.savefig(out)
    plt.close(figure)


def _frame(panel: Any, title: str) -> None:
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xticks(IN_FLIGHT, [f"{count:,}" for count in IN_FLIGHT])
    panel.minorticks_off()
    panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    panel.set_xlabel("in flight")
    panel.set_title(title, loc="left", fontweight="bold")
    panel.grid(axis="y", color=GRID)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)


def _line(panel: Any, line: Line, known: Sequence[tuple[int, float]]) -> None:
    if known:
        panel.plot(
            *zip(*known, strict=True),
            label=line.label,
            color=line.colour,
            linewidth=line.width,
            linestyle=line.style,
            marker="o",
            markersize=line.width + 3,
        )


def main(words: list[str]) -> int:
    """Read the figures, and draw them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("results", type=Path, metavar="RESULTS.json")
    parser.add_argument("out", type=Path, metavar="OUT.png")
    read = parser.parse_args(words)
    draw(Figures.from_json(read.results.read_text(encoding="utf-8")), read.out)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
