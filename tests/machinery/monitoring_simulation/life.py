"""The life of one model: its baseline, then week after week of predictions, each followed by a check."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from mlops.config.monitoring import Monitoring
from mlops.monitoring.readings import START, readings
from mlops.monitoring.scope import Scope
from mlops.monitoring.verdict import Limits, Verdict, complete_windows, decide
from mlops.profiling.base import ProfileSpec, Refresh
from mlops.sources.times import from_micros, to_micros
from mlops_local.profiling import metric_rows
from mlops_local.profiling.accumulate import MODEL, TIME, Plan, summarise
from mlops_local.profiling.columns import power_of_two
from mlops_local.profiling.predictions import LABEL, PREDICTION

from monitoring_simulation.worlds import FIRST_MONDAY, NUMBERS, TEXTS, WEEK, Week, rows

SPEC = ProfileSpec(
    table="dev.s.log",
    reference="dev.s.baseline",
    problem_type="regression",
    key="log_id",
    timestamp="at",
    prediction=PREDICTION,
    probabilities=None,
    label=LABEL,
    model_version="version",
    columns=(),
    granularities=("1 week",),
    slices=("borough",),
)
_COLUMNS = (*NUMBERS, *TEXTS, "new_input", PREDICTION)
_BASELINE_WEEKS = 3
_LAST = 3  # weeks that are profiled for a check


def verdicts(
    seed: int, weeks: int, of_week: Callable[[int], Week], monitoring: Monitoring | None = None
) -> Iterator[Verdict]:
    """Yield the verdict after each week. The model is never trained again, so that its baseline grows old."""
    random, settings = np.random.default_rng(seed), monitoring or Monitoring()
    baseline = pd.concat([rows(random, -week, of_week(0)) for week in range(1, _BASELINE_WEEKS + 1)])
    reference = float(np.sqrt(((baseline[PREDICTION] - baseline[LABEL]) ** 2).mean()))
    log: list[pd.DataFrame] = []
    starts: list[Any] = []
    for number in range(weeks):
        log = [*log, rows(random, number, of_week(number))][-_LAST:]
        now = from_micros(FIRST_MONDAY + (number + 1) * WEEK) + timedelta(hours=6)
        found = _profiled(pd.concat(log), baseline)
        scope = Scope(
            readings=found,
            windows=complete_windows(found, "1 week", now, _LAST - 1),
            columns=_COLUMNS,
            label=LABEL,
            champion="1",
            quality="root_mean_squared_error",
            reference=reference,
            greater_is_better=False,
        )
        verdict = decide(settings.rules, scope, Refresh("done"), Limits(settings.retraining, starts, now))
        if verdict.retrain:
            starts.append(now)
        yield verdict


def _profiled(log: pd.DataFrame, baseline: pd.DataFrame) -> Any:  # noqa: ANN401 - Readings
    """Profile a log as the local profiler does, without Spark."""
    numbers = [name for name in (*NUMBERS, "new_input", PREDICTION, LABEL) if name in log]
    baseline = baseline.reindex(columns=[*log.columns])
    edges = {name: _edges(log[name], baseline[name]) for name in numbers}
    plan = Plan(
        numbers=edges,
        texts=TEXTS,
        granularities=SPEC.granularities,
        slices={"borough": "borough"},
        regression=True,
        scale={name: power_of_two(values) for name, values in edges.items()},
    )
    found = metric_rows.with_all_models(summarise(log, plan))
    of_baseline = Plan(**{**vars(plan), "granularities": ()})
    before = metric_rows.with_all_models(summarise(baseline.assign(**{TIME: 0, MODEL: "1"}), of_baseline))
    reference = {key: sketch for key, sketch in before.items() if key.group.model == metric_rows.ALL_MODELS}
    profile = [
        *metric_rows.profile(SPEC, found, edges, "INPUT"),
        *metric_rows.profile(SPEC, reference, edges, "BASELINE"),
    ]
    drift = [row for row in metric_rows.drift(SPEC, found, reference, edges) if row["drift_type"] == "BASELINE"]
    return readings(map(_started, profile), map(_started, drift), SPEC.model_version)


def _edges(*columns: pd.Series[float]) -> Any:  # noqa: ANN401 - an array
    known = [column.dropna() for column in columns]
    shares = np.linspace(0, 1, 64)
    return np.unique(np.concatenate([np.quantile(one, shares) for one in known if len(one)]))


def _started(row: Mapping[str, Any]) -> dict[str, Any]:
    window = row["window"]
    return {**row, START: None if window is None else to_micros(window["start"])}
