"""The leaderboard of a model search: the best model of each family on the held-out rows, beside the naive baseline."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..config.load import ProjectConfig
from ..evaluation.metrics import Array
from ..statistics import blocks
from ..statistics.resampling import Interval, Resampling
from ..training.fitting import predict
from .families import YOURS
from .trials import Found, Trial

log = logging.getLogger(__name__)

FILE = "baseline/leaderboard.json"
NAIVE = "naive baseline"


@dataclass(frozen=True)
class Line:
    """A line of the leaderboard.

    Attributes:
        model: The family, `your model` or the naive baseline.
        trials: How many models of the family were fitted.
        validation: The metric on the validation rows, by which models are chosen; None for the naive baseline.
        holdout: The metric on the held-out rows, which choose nothing.
        low: The lower end of its confidence interval; None if there are too few rows or blocks of time for one.
        high: The upper end.
        gain: How much better it is than your model on the held-out rows, with its interval, as text.
        fit_seconds: How long the fit took.
        predict_ms: Milliseconds to predict a thousand rows.
        megabytes: The size of the pickled model in MB.
    """

    model: str
    trials: int
    validation: float | None
    holdout: float
    low: float | None
    high: float | None
    gain: str = ""
    fit_seconds: float | None = None
    predict_ms: float | None = None
    megabytes: float | None = None


def lines(config: ProjectConfig, results: Found, rows: Mapping[str, pd.DataFrame]) -> list[Line]:
    """Return the lines, best on the validation rows first, and the naive baseline last."""
    held_out = rows["holdout"]
    label = held_out[config.label].to_numpy(dtype=np.float64)
    constant = config.measures.naive_baseline(rows["train"][config.label].to_numpy(dtype=np.float64))
    naive = np.array(np.broadcast_to(constant, config.measures.shape(len(label))), dtype=np.float64)
    predicted = {
        trial.contender.name: predict(trial.contender.project, trial.estimator, held_out) for trial in results.best
    }
    resampling = _resampling(config, held_out, label)
    yours = predicted.get(YOURS)
    board = [
        _line(config, trial, results, (label, predicted[trial.contender.name], yours), resampling)
        for trial in results.best
    ]
    value, interval = _value_and_gain(config, label, naive, resampling)
    low, high = (interval.low, interval.high) if interval else (None, None)
    return [*board, Line(NAIVE, 0, None, value, low, high)]


def as_json(board: list[Line], config: ProjectConfig) -> dict[str, Any]:
    """Return the leaderboard as `FILE` keeps it."""
    return {"metric": config.metric, "lines": [asdict(line) for line in board]}


def of_json(kept: Mapping[str, Any]) -> tuple[str, list[Line]]:
    """Return the metric and the lines that `FILE` keeps."""
    return str(kept["metric"]), [Line(**line) for line in kept["lines"]]


def _line(
    config: ProjectConfig,
    trial: Trial,
    results: Found,
    sides: tuple[Array, Array, Array | None],
    resampling: Resampling | None,
) -> Line:
    label, predicted, yours = sides
    value, interval = _value_and_gain(config, label, predicted, resampling)
    gain = ""
    if resampling is not None and yours is not None and trial.contender.name != YOURS:
        gain = str(config.measures.gain(config.metric, label, predicted, yours, resampling))
    return Line(
        trial.contender.name,
        results.trials[trial.contender.name],
        trial.metrics[config.metric],
        value,
        interval.low if interval else None,
        interval.high if interval else None,
        gain,
        trial.fit_seconds,
        trial.predict_ms,
        trial.megabytes,
    )


def _value_and_gain(
    config: ProjectConfig, label: Array, predicted: Array, resampling: Resampling | None
) -> tuple[float, Interval | None]:
    value = config.measures.evaluate(label, predicted)[config.metric]
    return value, None if resampling is None else config.measures.interval(config.metric, label, predicted, resampling)


def _resampling(config: ProjectConfig, rows: pd.DataFrame, label: Array) -> Resampling | None:
    """Return how held-out rows are resampled, as promotion does; None where they cover less than two blocks of time."""
    policy = config.promotion
    classes = None if config.problem_type == "regression" else label
    times = rows[config.spine.event_time].to_numpy(dtype="datetime64[ns]")
    drawn = blocks.sample(
        times, classes, hours=policy.block_hours, fewest=policy.at_least.blocks, number=max(2, len(config.classes))
    )
    if drawn.blocks < 2:  # noqa: PLR2004 - one block shows no variation
        log.warning("the held-out rows cover less than two blocks of time: the leaderboard has no intervals")
        return None
    return Resampling(drawn.block, policy.resamples, policy.confidence, policy.seed)
