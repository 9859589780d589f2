"""Checks of behaviour: are predictions finite, in range, repeatable, tolerant of missing features, and fast enough?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..config.validation import Bound
from ..training.model_inputs import missing
from .check import Check, within
from .evidence import Evidence

_REPEATS = 10
_BATCH = 1000


def shape(evidence: Evidence) -> Iterator[Check]:
    """There is one prediction for each row, or one probability for each row and class."""
    rows, actual = len(evidence.features), evidence.prediction.shape
    expected = evidence.settings.measures.shape(rows)
    yield Check("one prediction per row", actual == expected, f"{rows} rows give predictions of shape {actual}")


def finite(evidence: Evidence) -> Iterator[Check]:
    """Every prediction is a finite number."""
    bad = int((~np.isfinite(evidence.prediction)).sum())
    yield Check("finite predictions", bad == 0, f"{bad} predictions are not finite", float(bad), "at most 0")


def allowed_range(evidence: Evidence) -> Iterator[Check]:
    """The smallest and the greatest prediction lie in the allowed range."""
    bound = evidence.settings.validation.predictions
    ends = []
    if bound.min is not None:
        ends.append(within("smallest prediction", float(np.min(evidence.prediction)), Bound(min=bound.min)))
    if bound.max is not None:
        ends.append(within("greatest prediction", float(np.max(evidence.prediction)), Bound(max=bound.max)))
    if evidence.settings.problem_type != "regression":
        ends = [replace(check, margin=None) for check in ends]  # that a probability is near 1 says nothing
    yield from ends


def repeatable(evidence: Evidence) -> Iterator[Check]:
    """The same rows give the same predictions, even in another order."""
    again = evidence.predict(evidence.features.iloc[::-1])[::-1]
    difference = float(np.max(np.abs(again - evidence.prediction)))
    yield Check(
        "repeatable",
        bool(np.allclose(again, evidence.prediction, rtol=1e-9, atol=1e-12)),
        f"the same rows in another order give predictions that differ by at most {difference:.3g}",
        difference,
        "at most rounding errors",
    )


def tolerates_missing(evidence: Evidence) -> Iterator[Check]:
    """The version can predict without any looked-up features, because they may be missing."""
    looked_up = [name for lookup in evidence.settings.lookups for name in lookup.outputs]
    rows = evidence.features.head(_BATCH).copy()
    rows[looked_up] = missing(rows[looked_up])
    predicted = evidence.predict(rows)
    finite = np.isfinite(predicted).reshape(len(predicted), -1).all(axis=1)
    bad = int((~finite).sum()) + len(rows) - len(predicted)
    reason = f"without looked-up features {bad} of {len(rows)} rows get no finite prediction"
    yield Check("tolerates missing features", bad == 0, reason, float(bad), "at most 0")


def latency(evidence: Evidence) -> Iterator[Check]:
    """One row and a batch are predicted within their time limits, in milliseconds.

    The shortest of several calls counts: other work on the machine makes calls slower, but never faster.
    """
    limits = evidence.settings.validation.latency
    for name, rows, limit in (
        ("latency of one row", 1, limits.row_ms),
        (f"latency of {_BATCH} rows", _BATCH, limits.batch_ms),
    ):
        frame = evidence.features.iloc[np.arange(rows) % len(evidence.features)]
        evidence.predict(frame)
        seconds = []
        for _ in range(_REPEATS):
            start = time.perf_counter()
            evidence.predict(frame)
            seconds.append(time.perf_counter() - start)
        yield within(name, min(seconds) * 1000, Bound(max=limit), unit="ms")
