"""Settings of monitoring: what is profiled, when that is drift, and when the model is trained again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from pydantic import Field, field_validator

from ..errors import did_you_mean
from ..evaluation.metrics import ProblemType
from .granularity import Granularity
from .monitoring_rules import DEFAULT_RULES, Rule
from .source import Source
from .strict import Settings

# The metrics of the profile that are the project's own metrics, by problem type.
QUALITY: Mapping[ProblemType, Mapping[str, str]] = {
    "regression": {"rmse": "root_mean_squared_error", "mae": "mean_average_error", "r2": "r2_score"},
    "classification": {"accuracy": "accuracy_score", "log_loss": "log_loss"},
    "multiclass": {"accuracy": "accuracy_score", "log_loss": "log_loss", "f1_macro": "f1_score.macro"},
}


# Columns that the inference log has besides those of the project and of the predictions.
OF_THE_LOG = ("log_id", "labelled_at", "scored_by", "status_code", "latency_ms")


class Labels(Settings):
    """Where labels come from that are known later, if it is not the label column of the spine.

    Attributes:
        source: The source that has them.
        key: Its column with the key of the spine.
        label: Its column with the label.
        event_time: Its column with the time of the prediction, if a key alone does not identify one.
        known_at: Its column with the time from which the label is known; of several, the latest counts.
    """

    source: str
    key: str
    label: str
    event_time: str | None = None
    known_at: str | None = None


class Retraining(Settings):
    """How often monitoring may start a training.

    Attributes:
        cool_down_hours: Hours after a start in which there is no other.
        per_week: Starts in any seven days.
    """

    cool_down_hours: float = Field(default=48, ge=0)
    per_week: int = Field(default=2, ge=0)


class Infrastructure(Settings):
    """Bounds of how the jobs and the endpoint run; None for no bound.

    Attributes:
        job_minutes: The longest that a run of a job may take.
        quarantined_share: The greatest share of requests that cannot be read.
        error_share: The greatest share of requests that the endpoint answers with an error.
        latency_ms: The greatest 95th percentile of the endpoint's latency.
    """

    job_minutes: float | None = Field(default=None, gt=0)
    quarantined_share: float | None = Field(default=0.01, ge=0, le=1)
    error_share: float | None = Field(default=0.01, ge=0, le=1)
    latency_ms: float | None = Field(default=1000, gt=0)


class Monitoring(Settings):
    """What is monitored.

    Attributes:
        granularity: The length of the windows that the rules look at.
        also: Further lengths of windows, for dashboards.
        as_of: `now`, or `newest_row` if the data are historical and end long ago.
        keep_days: How long the inference log keeps rows.
        slices: SQL expressions over columns of the log; each of their values is profiled for itself.
        metrics: The project's own metrics: SQL aggregates over columns of the log, by name.
        quality: The metric that quality rules look at; None for the one that decides, or the first that is profiled.
        labels: Where labels come from; None for the label column of the spine, once it has a value.
        rules: The rules by name. A rule of a known name changes only what it states; null removes it.
        retraining: How often monitoring may start a training.
        infrastructure: Bounds of how jobs and endpoint run.
        refresh_minutes: How long to wait for a refresh of the metrics.
    """

    granularity: Granularity = "1 week"
    also: tuple[Granularity, ...] = ()
    as_of: Literal["now", "newest_row"] = "now"
    keep_days: int = Field(default=365, ge=1)
    slices: tuple[str, ...] = ()
    metrics: dict[str, str] = Field(default_factory=dict)
    quality: str | None = None
    labels: Labels | None = None
    rules: dict[str, Rule] = Field(default_factory=lambda: {name: Rule(**rule) for name, rule in DEFAULT_RULES.items()})
    retraining: Retraining = Retraining()
    infrastructure: Infrastructure = Infrastructure()
    refresh_minutes: float = Field(default=60, gt=0)

    @field_validator("rules", mode="before")
    @classmethod
    def _complete(cls, overrides: Any) -> Any:  # noqa: ANN401 - whatever the file has
        if not isinstance(overrides, dict):
            return overrides
        rules: dict[str, Any] = {**DEFAULT_RULES, **overrides}
        for name, changes in overrides.items():
            if name in DEFAULT_RULES and isinstance(changes, dict):
                rules[name] = {**DEFAULT_RULES[name], **changes}
        return {name: changes for name, changes in rules.items() if changes is not None}

    @property
    def granularities(self) -> tuple[str, ...]:
        """The lengths of all windows, that of the rules first."""
        return tuple(dict.fromkeys([self.granularity, *self.also]))

    def quality_metric(self, problem_type: ProblemType, deciding: str) -> str:
        """Return the project's metric that quality rules look at."""
        known = QUALITY[problem_type]
        return self.quality or (deciding if deciding in known else next(iter(known)))

    def require_known(
        self, problem_type: ProblemType, inputs: Sequence[str], sources: Mapping[str, Source], taken: Iterable[str]
    ) -> None:
        """Make sure that metrics, columns and sources exist.

        Args:
            problem_type: Decides which metrics are profiled.
            inputs: The columns that rules can name, besides `prediction`.
            sources: The sources that labels can come from.
            taken: The names that a metric cannot have.

        Raises:
            ValueError: One does not.
        """
        for column in inputs:
            if column in OF_THE_LOG:
                raise ValueError(f"the input {column!r} has the name of a column of the inference log: rename it")
        known = QUALITY[problem_type]
        if self.quality is not None and self.quality not in known:
            hint = did_you_mean(self.quality, known)
            raise ValueError(f"monitoring.quality: {self.quality!r} is not profiled for {problem_type}{hint}")
        columns = [*inputs, "prediction"]
        for name, rule in self.rules.items():
            for column in rule.columns:
                if column not in columns:
                    hint = did_you_mean(column, columns)
                    raise ValueError(f"monitoring.rules.{name}.columns names {column!r}, which is no input{hint}")
        for name in self.metrics:
            if not name.isidentifier() or name in set(taken):
                raise ValueError(f"monitoring.metrics.{name}: give the metric another name, in letters and digits")
        if self.labels is not None:
            self._require_labels(self.labels, sources)

    @staticmethod
    def _require_labels(labels: Labels, sources: Mapping[str, Source]) -> None:
        if labels.source not in sources:
            hint = did_you_mean(labels.source, sources)
            raise ValueError(f"monitoring.labels.source names {labels.source!r}, which is not in sources{hint}")
        columns = sources[labels.source].columns
        for field, column in labels.model_dump(exclude={"source"}, exclude_none=True).items():
            if column not in columns:
                hint = did_you_mean(column, columns)
                raise ValueError(
                    f"monitoring.labels.{field}: the source {labels.source} has no column {column!r}{hint}"
                )
