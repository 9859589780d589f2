"""The protocol of a profiler, which Databricks' data profiling and its local counterpart implement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from ..evaluation.metrics import ProblemType

TABLE = ":table"  # stands for the whole table in the column `column_name`

# `refused`: it could not be started, for example because a permission is missing. `slow`: it has not finished in time.
State = Literal["done", "failed", "slow", "refused"]


@dataclass(frozen=True)
class ProfileSpec:
    """The table to profile, and how.

    Attributes:
        table: Three-level name of the inference log.
        reference: Three-level name of the table that every window is compared with; None if there is none.
        problem_type: Whether predictions are numbers or classes.
        key: The column that identifies a row.
        timestamp: The column with the time that decides about the window of a row.
        prediction: The column with the prediction.
        probabilities: The column with the probability of each class, as a map; None for regression.
        label: The column with the label, null until it is known.
        model_version: The column with the version of the model.
        columns: The columns to profile.
        granularities: The lengths of the windows.
        slices: SQL expressions; metrics are also computed for each of their values.
        metrics: SQL aggregates of the project's own metrics, by name.
    """

    table: str
    reference: str | None
    problem_type: ProblemType
    key: str
    timestamp: str
    prediction: str
    probabilities: str | None
    label: str
    model_version: str
    columns: tuple[str, ...]
    granularities: tuple[str, ...]
    slices: tuple[str, ...] = ()
    metrics: Mapping[str, str] = field(default_factory=dict)

    @property
    def profile_table(self) -> str:
        """Three-level name of the table with the metrics of each window."""
        return f"{self.table}_profile_metrics"

    @property
    def drift_table(self) -> str:
        """Three-level name of the table with the differences between windows, and from the reference."""
        return f"{self.table}_drift_metrics"


@dataclass(frozen=True)
class Refresh:
    """How a refresh of the metric tables ended."""

    state: State
    message: str = ""


class Profiler(Protocol):
    """Computes the metrics of an inference log."""

    def refresh(self, spec: ProfileSpec) -> Refresh:
        """Bring the metric tables up to date, and wait for it. Problems of the service are returned, not raised."""
