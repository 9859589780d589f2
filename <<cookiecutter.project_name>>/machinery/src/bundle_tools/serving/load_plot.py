"""The plot of a load test."""

from __future__ import annotations

from math import isfinite

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from mlops.evaluation.plots import BLUE, INK, RED, blank, set_titles

from .limits import Bounds
from .load import Result


def latency(result: Result, bounds: Bounds, what: str) -> Figure:
    """Draw the latency of each request over time, with percentiles and the bound.

    Args:
        result: The requests.
        bounds: The bounds.
        what: What was loaded and how, for the line below the title.
    """
    figure, axes = blank(height=4.2)
    requests = result.requests
    since = requests["start"] - requests["start"].min()
    failed = requests["error"] != ""
    axes.scatter(
        since[~failed], requests.loc[~failed, "ms"], s=6, color=BLUE, alpha=0.4, linewidths=0, label="answered"
    )
    if failed.any():
        axes.scatter(since[failed], requests.loc[failed, "ms"], s=14, color=RED, marker="x", label="failed")
    for percent, style in ((50, ":"), (95, "--"), (99, "-.")):
        value = result.percentile(percent)
        if isfinite(value):
            axes.axhline(value, color=INK, linewidth=1, linestyle=style, label=f"p{percent}: {value:.0f} ms")
    axes.axhline(bounds.p95_ms, color=RED, linewidth=1, label=f"bound of p95: {bounds.p95_ms:g} ms")
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_locator(NullLocator())
    answered = requests.loc[~failed, "ms"]
    axes.set_ylim(top=4 * max(bounds.p95_ms, float(answered.max()) if len(answered) else 0.0))  # room for the legend
    axes.legend(frameon=False, fontsize=9, loc="upper right", ncols=3)
    return set_titles(figure, axes, f"Latency, {what}", "seconds since the first request", "milliseconds")
