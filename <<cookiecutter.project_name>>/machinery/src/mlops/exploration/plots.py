"""Figures of an exploration: functions from small frames to matplotlib figures, in the style of the model card."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from ..evaluation.plots import BLUE, GREY, INK, RED, blank, set_titles
from .distributions import Bins

SPLIT_COLOURS = {"train": BLUE, "validation": "#d98c1f", "holdout": RED}
_COLUMNS = 3
_NUMBERED = 20  # a matrix with more cells in a row shows colours only
_MOST_DRAWN = 24


def coverage(covered: pd.DataFrame, period: str, label: str, cuts: Mapping[str, pd.Timestamp]) -> Figure:
    """Draw the rows of each period and, below, the mean of the label; lines show where splits begin."""
    figure = Figure(figsize=(7.6, 5.0), dpi=120, layout=ConstrainedLayoutEngine(h_pad=0.1, w_pad=0.12))
    above, below = figure.subplots(2, 1, sharex=True)
    edges = [*covered.index, covered.index[-1] + _length(covered)]
    above.stairs(covered["rows"].to_numpy(), edges, fill=True, color=BLUE, alpha=0.85)
    below.plot(covered.index, covered["label"], color=BLUE, marker="o", markersize=3, linewidth=1)
    for axes in (above, below):
        _plain(axes)
        for split, start in cuts.items():
            axes.axvline(start, color=SPLIT_COLOURS[split], linestyle="--", linewidth=1.2, label=f"{split} begins")
    if cuts:
        above.legend(frameon=False, fontsize=9, loc="upper left", ncols=2)
    above.set_ylim(top=1.25 * covered["rows"].max())
    _dates(below)
    set_titles(figure, above, "Coverage of time", "", f"rows of a {period}")
    set_titles(figure, below, "", "", f"mean of {label}")
    return figure


def distributions(shares: Mapping[str, pd.DataFrame], cut: Mapping[str, Bins]) -> Figure:
    """Draw the distribution of each column, one small plot each, with a line for each split."""
    names = list(shares)[:_MOST_DRAWN]
    figure, places = _grid(len(names))
    for axes, name in zip(places, names, strict=False):
        _plain(axes)
        table, bins = shares[name], cut[name]
        (_of_texts if bins.values else _of_numbers)(axes, table, bins)
        axes.set_title(_short(name), loc="left", fontsize=10, color=INK)
        axes.tick_params(labelsize=8)
    lines, labels = places[0].get_legend_handles_labels()
    figure.legend(lines, labels, loc="outside upper right", ncols=3, frameon=False, fontsize=9)
    left = f" (the first {len(names)} of {len(shares)})" if len(names) < len(shares) else ""
    figure.suptitle(f"Distributions, % of rows{left}", x=0.01, ha="left", fontsize=12, fontweight="bold", color=INK)
    return figure


def missing(summary: pd.DataFrame) -> Figure:
    """Draw the share of missing values of each column, as `tables.summary` returns them."""
    shown = summary.sort_values("missing %", ascending=False).head(_MOST_DRAWN)
    return _bars(shown["column"], shown["missing %"], "Missing values", "% of the rows (null or NaN)")


def drift(distances: pd.DataFrame) -> Figure:
    """Draw how far each column is from the training rows in each period, as `distributions.drift` returns it."""
    shown = distances.iloc[:, :_MOST_DRAWN].T
    across = [f"{start:%d %b %Y}" for start in distances.index]
    title = "Drift: distance of each period from the training rows"
    return _matrix(shown, across, title, "Reds", (0.0, max(0.4, float(np.nanmax(shown.to_numpy())))))


def correlations(coefficients: pd.DataFrame) -> Figure:
    """Draw the correlations of the label and the numeric inputs."""
    return _matrix(
        coefficients, [str(name) for name in coefficients.columns], "Correlations (Pearson)", "RdBu", (-1.0, 1.0)
    )


def importance(lines: pd.DataFrame, metric: str) -> Figure:
    """Draw how much worse the metric becomes when an input is shuffled."""
    shown = lines.head(_MOST_DRAWN)
    across = f"how much worse {metric} becomes if the input is shuffled, with one standard deviation"
    return _bars(shown["input"], shown["worse"], "Importance for a quick model", across, shown["std"])


def _bars(
    names: pd.Series[str], values: pd.Series[float], title: str, across: str, error: pd.Series[float] | None = None
) -> Figure:
    figure, axes = blank(height=1.6 + 0.3 * len(names))
    axes.barh([str(name) for name in names], values.to_numpy(), color=BLUE, height=0.7, xerr=error, ecolor=GREY)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    if error is None:
        axes.bar_label(axes.containers[-1], fmt="%.3g", padding=4, color=INK, fontsize=9)  # type: ignore[arg-type] # bars
        axes.set_xlim(0, max(1.0, 1.15 * float(values.max())))
    return set_titles(figure, axes, title, across, "")


def _matrix(table: pd.DataFrame, across: list[str], title: str, colours: str, ends: tuple[float, float]) -> Figure:
    figure, axes = blank(height=1.8 + 0.34 * len(table))
    axes.grid(visible=False)
    values = table.to_numpy(dtype=np.float64)
    shown = axes.imshow(values, aspect="auto", cmap=colours, vmin=ends[0], vmax=ends[1])
    axes.set_yticks(range(len(table)), [_short(str(name)) for name in table.index])
    axes.set_xticks(range(len(across)), [_short(name) for name in across], rotation=35, ha="right", fontsize=9)
    if len(across) <= _NUMBERED:
        middle, half = sum(ends) / 2, (ends[1] - ends[0]) / 2
        pale = middle if ends[0] < 0 else ends[0]
        for (row, column), value in np.ndenumerate(values):
            if np.isfinite(value):
                dark = abs(value - pale) > 0.6 * (half if ends[0] < 0 else 2 * half)
                ink = "white" if dark else INK
                axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=7, color=ink)
    figure.colorbar(shown, ax=axes, aspect=30, pad=0.02)
    return set_titles(figure, axes, title, "", "")


def _grid(count: int) -> tuple[Figure, list[Axes]]:
    lines = -(-max(count, 1) // _COLUMNS)
    layout = ConstrainedLayoutEngine(h_pad=0.08, w_pad=0.08)
    figure = Figure(figsize=(9.6, 0.7 + 2.1 * lines), dpi=120, layout=layout)
    places = figure.subplots(lines, _COLUMNS, squeeze=False).ravel().tolist()
    for axes in places[count:]:
        axes.set_axis_off()
    return figure, places


def _of_numbers(axes: Axes, table: pd.DataFrame, cut: Bins) -> None:
    edges = [*cut.starts, cut.starts[-1] + cut.width]
    for split, colour in SPLIT_COLOURS.items():
        if split in table:
            axes.stairs(100 * table[split].to_numpy(), edges, color=colour, linewidth=1.5, label=split)


def _of_texts(axes: Axes, table: pd.DataFrame, cut: Bins) -> None:
    used = [name for name in cut.names if table.loc[name].any()]
    height = 0.8 / len(SPLIT_COLOURS)
    for number, (split, colour) in enumerate(SPLIT_COLOURS.items()):
        if split in table:
            places = np.arange(len(used)) + number * height
            axes.barh(places, 100 * table.loc[used, split].to_numpy(), height=height, color=colour, label=split)
    axes.set_yticks(np.arange(len(used)) + height, [_short(name) for name in used])
    axes.invert_yaxis()


def _plain(axes: Axes) -> None:
    axes.set_axisbelow(True)
    axes.grid(visible=True, color="#e6e8eb", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)


def _dates(axes: Axes) -> None:
    locator = AutoDateLocator()  # type: ignore[no-untyped-call] # matplotlib has no types for it
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call] # as above


def _length(covered: pd.DataFrame) -> timedelta:
    """Return the length of a period: that between the two starts that are nearest to each other."""
    return min((later - start for start, later in pairwise(covered.index)), default=timedelta(days=1))


def _short(name: str) -> str:
    most = 26
    return name if len(name) <= most else f"{name[: most - 1]}…"
