"""Figures about the predictions of a model with more than two classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from .metrics import Array
from .plots import INK, blank, calibration, set_titles

_MOST_NUMBERS = 12  # of classes, with whose numbers in the cells a matrix can still be read


def of_classes(label: Array, prediction: Array, classes: Sequence[object]) -> dict[str, Figure]:
    """Return the figures by name.

    Args:
        label: Shape (rows,): the numbers of the classes, from 0.
        prediction: Shape (rows, classes): their probabilities.
        classes: The names of the classes.
    """
    chosen = prediction.argmax(axis=1)
    right = np.asarray(chosen == label, dtype=np.float64)
    sure = calibration(right, prediction.max(axis=1), "probability of the most probable class", "share of right ones")
    return {"confusion": confusion(label, chosen.astype(np.float64), classes), "calibration": sure}


def confusion(label: Array, chosen: Array, classes: Sequence[object]) -> Figure:
    """Draw which share of the rows of each class, shape (rows,), is taken for each class, shape (rows,)."""
    number = len(classes)
    cell = label.astype(np.intp) * number + chosen.astype(np.intp)
    counts = np.bincount(cell, minlength=number**2).reshape(number, number)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = blank(height=5.6)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    axes.grid(visible=False)
    axes.set_xticks(range(number), [str(name) for name in classes], rotation=30, ha="right")
    axes.set_yticks(
        range(number), [f"{name} ({rows:,})" for name, rows in zip(classes, counts.sum(axis=1), strict=True)]
    )
    for row, column in np.ndindex(counts.shape) if number <= _MOST_NUMBERS else ():
        colour = "white" if share[row, column] > 0.5 else INK  # noqa: PLR2004 - half
        axes.text(column, row, f"{share[row, column]:.0%}", ha="center", va="center", color=colour, fontsize=9)
    return set_titles(
        figure, axes, "Classes: actual and predicted", "most probable class", "actual class (held-out rows)"
    )
