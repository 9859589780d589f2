"""Settings of the rules of monitoring: when windows of the inference log deviate too much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self, get_args

from pydantic import Field, model_validator

from .strict import Settings

NumberDrift = Literal["ks_test", "population_stability_index", "wasserstein_distance"]
TextDrift = Literal["js_distance", "tv_distance", "l_infinity_distance"]
Measure = NumberDrift | TextDrift | Literal["nulls", "quality", "rows"]
Severity = Literal["warn", "retrain"]
OF_NUMBERS, OF_TEXTS = get_args(NumberDrift), get_args(TextDrift)


class Rule(Settings):
    """When windows of the log deviate too much.

    Attributes:
        measure: A drift metric of Databricks' data profiling against the reference; `nulls`, the share of missing ones
            beyond that of the reference; `quality`, how much worse the metric is than on the champion's held-out rows,
            as a share of it; or `rows`, how many predictions a window has.
        columns: The inputs that the rule is about, or `prediction`; none for all of them that have the measure.
        max: The greatest value that is no breach.
        min: The smallest value that is no breach.
        pvalue: For drift: a value is a breach only if the p-value of the Kolmogorov-Smirnov test, or of the chi-squared
            test for texts, is at most this, so that small windows do not raise false alarms; None not to ask for it.
        windows: How many windows must breach the bound ...
        of_last: ... of this number of the last complete windows.
        at_least: A window with fewer rows (for `quality`: rows with a label) decides nothing.
        severity: `warn` only tells; `retrain` also starts a training.
        slices: Whether the rule also looks at every slice; a slice alone only warns.
    """

    measure: Measure
    columns: tuple[str, ...] = ()
    max: float | None = None
    min: float | None = None
    pvalue: float | None = Field(default=None, gt=0, le=1)
    windows: int = Field(default=2, ge=1)
    of_last: int = Field(default=2, ge=1, le=60)
    at_least: int = Field(default=100, ge=0)
    severity: Severity = "warn"
    slices: bool = False

    @model_validator(mode="after")
    def _bounds_decide(self) -> Self:
        if self.max is None and self.min is None:
            raise ValueError("give max or min")
        if self.windows > self.of_last:
            raise ValueError(f"windows ({self.windows}) is greater than of_last ({self.of_last}): it could never fire")
        if self.pvalue is not None and self.measure not in (*OF_NUMBERS, *OF_TEXTS):
            raise ValueError(f"{self.measure} has no p-value: remove pvalue")
        if self.columns and self.measure in {"quality", "rows"}:
            raise ValueError(f"{self.measure} is about all rows: remove columns")
        return self


# Tuned by `make bench-monitoring` of the template: docs/monitoring.md has the figures.
DEFAULT_RULES: Mapping[str, Mapping[str, Any]] = {
    "number_drift": {"measure": "ks_test", "max": 0.15, "pvalue": 0.0001, "slices": True},
    "text_drift": {"measure": "js_distance", "max": 0.15, "pvalue": 0.0001, "slices": True},
    "missing_values": {"measure": "nulls", "max": 0.1},
    "quality": {"measure": "quality", "max": 0.25, "severity": "retrain", "slices": True},
}
