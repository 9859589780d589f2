"""Figures about a model version for its run: functions from arrays to matplotlib figures, without pyplot's state."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from .metrics import Array, ProblemType
from .shap_values import Explanation

BLUE, RED, GREY, INK = "#2166ac", "#c0392b", "#8a8f98", "#24292f"
MOST_FEATURES = 15
_COLOURS = LinearSegmentedColormap.from_list("low to high", [BLUE, "#b8a9c9", RED])
_BINS, _GROUPS = 40, 10


def of_explanation(explanation: Explanation, quantity: str) -> dict[str, Figure]:
    """Return the figures of an explanation by name; `quantity` names what is predicted, with its unit if it has one."""
    return {"importance": bars(explanation.importance, quantity), "shap_values": beeswarm(explanation, quantity)}


def of_predictions(problem_type: ProblemType, label: Array, prediction: Array, quantity: str) -> dict[str, Figure]:
    """Return the figures that compare predictions, shape (rows,), with labels, shape (rows,), by name."""
    drawn = (predicted_and_actual, residuals) if problem_type == "regression" else (calibration, scores)
    return {draw.__name__: draw(label, prediction, quantity) for draw in drawn}


def bars(importance: pd.Series[float], quantity: str) -> Figure:
    """Draw a bar for each feature, greatest first: its mean absolute SHAP value, in the unit of the prediction."""
    shown = importance.head(MOST_FEATURES)
    figure, axes = blank(height=1.6 + 0.34 * len(shown))
    drawn = axes.barh([str(name) for name in shown.index], shown.to_numpy(), color=BLUE, height=0.7)
    axes.bar_label(drawn, [f"{value:.3g}" for value in shown], padding=4, color=INK, fontsize=9)
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.grid(visible=False, axis="y")
    title = f"What moves the prediction{_of_how_many(len(shown), len(importance))}"
    return set_titles(figure, axes, title, f"mean |SHAP value|, in {quantity}", "")


def beeswarm(explanation: Explanation, quantity: str) -> Figure:
    """Draw a dot for each explained row and feature: its SHAP value, coloured by how high the feature's value is."""
    shown = [str(name) for name in explanation.importance.index[:MOST_FEATURES]]
    figure, axes = blank(height=1.6 + 0.42 * len(shown))
    axes.axvline(0, color=GREY, linewidth=1)
    for place, name in enumerate(shown):
        values = explanation.values[name].to_numpy()
        # Ranks, so that one extreme value does not hide the rest.
        height = explanation.data[name].rank(pct=True).to_numpy()
        colours = np.where(np.isnan(height)[:, None], (0.35, 0.35, 0.35, 1.0), _COLOURS(np.nan_to_num(height)))
        axes.scatter(values, place + _spread(values), s=13, c=colours, linewidths=0, zorder=3)
    axes.set_yticks(range(len(shown)), shown)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    bar = figure.colorbar(ScalarMappable(Normalize(0, 1), _COLOURS), ax=axes, ticks=[0, 1], aspect=30, pad=0.02)
    bar.ax.set_yticklabels(["low", "high"])
    bar.set_label("value of the feature (dark grey: missing)", labelpad=-12, fontsize=9)
    title = f"How each feature moves individual predictions{_of_how_many(len(shown), explanation.values.shape[1])}"
    return set_titles(figure, axes, title, f"SHAP value: change of the prediction, in {quantity}", "")


def predicted_and_actual(label: Array, prediction: Array, quantity: str) -> Figure:
    """Draw predictions over labels, one dot per row, with the line on which they are equal."""
    figure, axes = blank(height=5.6)
    low, high = float(min(label.min(), prediction.min())), float(max(label.max(), prediction.max()))
    edge = 0.03 * (high - low or 1.0)
    ends = (low - edge, high + edge)
    alpha = float(np.clip(300 / len(label), 0.08, 0.5))
    axes.scatter(label, prediction, s=14, color=BLUE, alpha=alpha, linewidths=0, label=f"{len(label):,} held-out rows")
    axes.plot(ends, ends, color=INK, linewidth=1, linestyle="--", label="predicted = actual")
    axes.set(xlim=ends, ylim=ends, aspect="equal")
    axes.legend(frameon=False, loc="upper left", fontsize=9)
    return set_titles(figure, axes, "Predicted and actual", f"actual {quantity}", f"predicted {quantity}")


def residuals(label: Array, prediction: Array, quantity: str) -> Figure:
    """Draw a histogram of the errors of the predictions: above 0 they are too high."""
    off = prediction - label
    figure, axes = blank()
    low, high = np.quantile(off, [0.005, 0.995])
    axes.hist(np.clip(off, low, high), bins=_BINS, color=BLUE, alpha=0.85)
    axes.axvline(0, color=INK, linewidth=1, linestyle="--", label="no error")
    axes.axvline(float(off.mean()), color=RED, linewidth=1.5, label=f"mean {off.mean():.3g}")
    axes.legend(frameon=False, loc="upper right", fontsize=9)
    across = f"predicted minus actual {quantity}\n(the bars at both ends include all rows beyond them)"
    return set_titles(figure, axes, "Prediction errors", across, "held-out rows")


def calibration(label: Array, prediction: Array, quantity: str, share: str = "observed share of class 1") -> Figure:
    """Draw the observed share of class 1 over the predicted share, in ten groups of equal size, with 95 % intervals."""
    figure, axes = blank(height=5.6)
    groups = [rows for rows in np.array_split(np.argsort(prediction, kind="stable"), _GROUPS) if len(rows)]
    count = np.array([len(rows) for rows in groups])
    predicted = np.array([prediction[rows].mean() for rows in groups])
    observed = np.array([label[rows].mean() for rows in groups])
    # Wilson's interval: unlike the normal approximation, it has a width even if all rows of a group are of one class.
    centre = (observed * count + 1.92) / (count + 3.84)
    half = 1.96 * np.sqrt(observed * (1 - observed) * count + 0.96) / (count + 3.84)
    axes.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle="--", label="perfectly calibrated")
    axes.vlines(predicted, centre - half, centre + half, color=BLUE, linewidth=1.5, alpha=0.6)
    axes.plot(predicted, observed, color=BLUE, marker="o", markersize=6, label="a tenth of the rows, 95 % interval")
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    axes.legend(frameon=False, loc="upper left", fontsize=9)
    return set_titles(figure, axes, "Calibration", f"predicted {quantity}", share)


def scores(label: Array, prediction: Array, quantity: str) -> Figure:
    """Draw the distribution of the predictions for each class."""
    figure, axes = blank()
    edges = np.linspace(0, 1, _BINS // 2 + 1).tolist()
    for value, colour in ((0, BLUE), (1, RED)):
        own = prediction[label == value]
        share, of_class = np.full(len(own), 100 / max(len(own), 1)), f"class {value}: {len(own):,} rows"
        axes.hist(own, bins=edges, weights=share, color=colour, alpha=0.55, label=of_class)
    axes.set_xlim(0, 1)
    axes.legend(frameon=False, loc="upper right", fontsize=9)
    return set_titles(figure, axes, "Scores by class", f"predicted {quantity}", "% of the held-out rows of the class")


def blank(height: float = 4.2) -> tuple[Figure, Axes]:
    """Return an empty figure with its axes, in the style of all figures; the height is in inches."""
    figure = Figure(figsize=(7.6, height), dpi=120, layout=ConstrainedLayoutEngine(h_pad=0.12, w_pad=0.12))
    axes = figure.add_subplot()
    axes.set_axisbelow(True)
    axes.grid(visible=True, color="#e6e8eb", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def set_titles(figure: Figure, axes: Axes, title: str, across: str, up: str) -> Figure:
    """Return the figure with its title and the names of its axes."""
    axes.set_title(title, loc="left", fontsize=12, fontweight="bold", color=INK, pad=12)
    axes.set_xlabel(across, color=INK)
    axes.set_ylabel(up, color=INK)
    return figure


def _of_how_many(shown: int, there_are: int) -> str:
    return f" (the first {shown} of {there_are} features)" if shown < there_are else ""


def _spread(values: Array) -> Array:
    """Return offsets, shape (rows,), that put dots of similar values next to each other, at most 0.4 off the middle."""
    step = (values.max() - values.min()) / 60 or 1.0
    cell = pd.Series(np.round(values / step))
    turn = cell.groupby(cell).cumcount().to_numpy()
    side = np.where(turn % 2 == 0, 1.0, -1.0) * np.ceil(turn / 2)
    return np.asarray(side * min(0.4 / max(np.abs(side).max(), 1.0), 0.08), dtype=np.float64)
