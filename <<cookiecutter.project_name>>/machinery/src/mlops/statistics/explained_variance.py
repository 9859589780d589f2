"""How much of a label a column of numbers explains: 0 like the naive baseline, 1 if it gives the label away.

The same measure serves all problem types: R2 of values, which for the probabilities of classes is the Brier skill
score. It separates a leak from a strong honest input better than roc_auc, which both bring close to 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeRegressor

from .arrays import Array

_LEAVES, _LEAF_ROWS = 64, 5
_EXTREMES = (0.05, 0.95)


@dataclass(frozen=True)
class Explained:
    """The share of the label's variance that is explained, with its standard error from the number of rows."""

    share: float
    error: float

    @property
    def surely(self) -> float:
        """The share, less two standard errors, so that a few lucky rows do not look perfect."""
        return self.share - 2 * self.error


def explained_share(label: Array, prediction: Array) -> Explained:
    """Return the share of the variance of a label, shape (rows,), that a prediction of the same shape explains.

    Both may have several columns, shape (rows, classes): the variance is then the sum of those of the columns.

    Raises:
        ValueError: There are fewer than two rows, or all labels are the same.
    """
    variance = float(np.var(label, axis=0).sum()) if len(label) > 1 else 0.0
    if variance == 0.0:
        raise ValueError(f"{len(label)} rows with the same label do not show what explains it")
    squared = ((prediction - label) ** 2).reshape(len(label), -1).sum(axis=1)
    return Explained(1 - float(squared.mean()) / variance, float(squared.std()) / variance / len(label) ** 0.5)


def best_explained_share(label: Array, prediction: Array, known: Array) -> Explained:
    """Return the greater of the shares with the label as it is and without its extremes, which can hide a leak.

    Args:
        label: Shape (rows,), or (rows, classes), where there are no extremes.
        prediction: The same shape.
        known: Labels of other rows, shape (other rows,); values beyond their 5 % and 95 % quantiles count as these.

    Raises:
        ValueError: As `explained_share`.
    """
    as_it_is = explained_share(label, prediction)
    if label.ndim > 1:
        return as_it_is
    low, high = np.quantile(known, _EXTREMES)
    inside = np.clip(label, low, high)
    if np.ptp(inside) == 0.0:
        return as_it_is
    return max(as_it_is, explained_share(inside, np.clip(prediction, low, high)), key=lambda share: share.surely)


def alone(column: Array, label: Array, held_out: Array, held_out_label: Array, seed: int) -> Explained:
    """Return how much a column alone explains, by a small tree fitted to some rows and scored on others.

    Only the order of the column matters, so an increasing function of the label counts as the label.

    Args:
        column: The column of the rows to fit, shape (rows,); NaN is a value of its own.
        label: Their labels, shape (rows,), or (rows, classes) with 1 for the class of the row and 0 for others.
        held_out: The column of the rows to score, shape (other rows,).
        held_out_label: Their labels, shape (other rows,) or (other rows, classes).
        seed: Makes the tree repeatable.

    Raises:
        ValueError: As `explained_share`.
    """
    places, held_out_places = _places(column, column), _places(held_out, column)
    inside = np.clip(label, *np.quantile(label, _EXTREMES)) if label.ndim == 1 else label
    shares = []
    for fitted in (label, inside) if np.ptp(inside) < np.ptp(label) and np.ptp(inside) > 0.0 else (label,):
        tree = DecisionTreeRegressor(max_leaf_nodes=_LEAVES, min_samples_leaf=_LEAF_ROWS, random_state=seed)
        shares.append(best_explained_share(held_out_label, tree.fit(places, fitted).predict(held_out_places), label))
    return max(shares, key=lambda share: share.surely)


def of_groups(group: NDArray[np.bool_], label: Array) -> float:
    """Return the share of the label's variance between the rows where `group`, shape (rows,), is true and the others.

    The label has the shape (rows,) or (rows, classes).

    Raises:
        ValueError: As `explained_share`.
    """
    shares = []
    for values in (label, _ranks(label, label)) if label.ndim == 1 else (label,):
        means = np.where(group.reshape(-1, *[1] * (values.ndim - 1)), values[group].mean(0), values[~group].mean(0))
        shares.append(explained_share(values, means).share)
    return max(shares)


def _ranks(values: Array, among: Array) -> Array:
    """Return where values lie among others, from 0 to the number of others; the same for the same values."""
    ordered = np.sort(among)
    return (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / 2


def _places(values: Array, among: Array) -> Array:
    """Return the ranks, shape (rows, 1), with -1 for NaN: a tree has 32 bits, too few to tell large IDs apart."""
    ranks = np.where(np.isnan(values), -1.0, _ranks(values, among[~np.isnan(among)]))
    return ranks[:, None]
