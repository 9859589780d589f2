"""The plots of the report: the same as on the dashboard."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from mlops.evaluation.plots import BLUE, INK, RED, blank, set_titles

_COLOURS = (BLUE, "#d98c1f", "#4a9c6d", "#8a6bbf", "#777d86", RED)
_DAY = 86_400  # seconds


def volume(frame: pd.DataFrame, window: str) -> Figure:
    """Draw the number of predictions of each window, one colour for each version."""
    figure, axes = blank(height=3.2)
    bottom = np.zeros(len(frame))
    width = 0.7 * _width(frame)
    for number, name in enumerate(frame.columns):
        values = frame[name].fillna(0).to_numpy()
        colour = _COLOURS[number % len(_COLOURS)]
        axes.bar(frame.index, values, width=width, bottom=bottom, color=colour, label=f"version {name}", align="edge")
        bottom += values
    axes.set_ylim(top=1.25 * bottom.max(initial=1.0))  # room for the legend
    axes.legend(frameon=False, fontsize=9, loc="upper left", ncols=4)
    _dates(axes)
    return set_titles(figure, axes, "Predictions", f"window of {window}", "")


def quality(frame: pd.DataFrame, metric: str, window: str) -> Figure:
    """Draw the quality of each version over time."""
    figure, axes = blank(height=3.2)
    for number, name in enumerate(frame.columns):
        colour = _COLOURS[number % len(_COLOURS)]
        axes.plot(frame.index, frame[name], marker="o", color=colour, label=f"version {name}")
    axes.set_ylim(bottom=0, top=1.25 * max(float(frame.max().max()), 1e-9))
    axes.legend(frameon=False, fontsize=9, loc="upper left", ncols=4)
    _dates(axes)
    return set_titles(figure, axes, "Quality", f"window of {window}", metric)


def drift(frame: pd.DataFrame, window: str) -> Figure:
    """Draw the drift of each input in each window: a row for each input, the most drifted first."""
    ordered = frame[frame.max().sort_values(ascending=False).index]
    figure, axes = blank(height=1.6 + 0.34 * ordered.shape[1])
    axes.grid(visible=False)
    shown = axes.imshow(ordered.T.to_numpy(), aspect="auto", cmap="Reds", vmin=0, vmax=max(0.4, ordered.max().max()))
    axes.set_yticks(range(ordered.shape[1]), ordered.columns)
    places = np.unique(np.linspace(0, len(ordered) - 1, 9).astype(int))
    axes.set_xticks(places, [f"{ordered.index[place]:%d %b}" for place in places])
    for row, name in enumerate(ordered.columns):
        for column, value in enumerate(ordered[name]):
            if value == value and len(ordered) <= 20:  # noqa: PLR0124, PLR2004 - not NaN; more would not be readable
                dark = value > shown.norm.vmax * 0.6  # type: ignore[operator] # it is set above
                axes.text(
                    column, row, f"{value:.2f}", ha="center", va="center", fontsize=8, color="white" if dark else INK
                )
    return set_titles(figure, axes, "Drift from the champion's held-out rows", f"window of {window}", "")


def png(figure: Figure) -> bytes:
    """Return a figure as a PNG file."""
    file = BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def _width(frame: pd.DataFrame) -> float:
    """Return the shortest distance between two windows in days, a day if there is only one."""
    steps = np.diff([start.timestamp() for start in frame.index])
    return float(steps.min()) / _DAY if len(steps) else 1.0


def _dates(axes: Axes) -> None:
    locator = AutoDateLocator(minticks=3, maxticks=9)  # type: ignore[no-untyped-call] # matplotlib's own
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call] # likewise
