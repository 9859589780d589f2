"""The modelling choices of `conf/project.yml`: typed, frozen, unknown keys refused."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from .errors import ProjectError, did_you_mean
from .evaluation import METRICS, ProblemType

Share = Annotated[float, Field(gt=0, lt=0.5)]
ColumnType = Literal["timestamp", "date", "double", "float", "int", "bigint", "string", "boolean"]


class Settings(BaseModel):
    """A frozen group of settings in which a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(Settings):
    """The columns of the source table that the project reads, with their Spark types."""

    columns: dict[str, ColumnType] = Field(min_length=1)


class Spine(Settings):
    """The columns of `features.spine`: row key, time of the prediction, model inputs known with the request."""

    key: str
    event_time: str
    inputs: tuple[str, ...]


class FeatureTable(Settings):
    """Keys and time of validity of one feature table."""

    keys: tuple[str, ...] = Field(min_length=1)
    event_time: str


class Lookup(Settings):
    """Which features to take from a feature table, by which columns of the spine, and how old they may be (hours)."""

    table: str
    keys: tuple[str, ...] = Field(min_length=1)
    features: tuple[str, ...] = Field(min_length=1)
    lookback_hours: int | None = Field(default=None, gt=0)


class Split(Settings):
    """Shares of the rows, by time, that choose the hyperparameters and that are held out; days that rows are kept."""

    validation: Share
    holdout: Share
    keep_days: int = Field(ge=1)


class Dimension(Settings):
    """The range of one hyperparameter."""

    type: Literal["float", "int"]
    low: float
    high: float
    log: bool = False

    @model_validator(mode="after")
    def _low_before_high(self) -> Self:
        if not self.low < self.high:
            raise ValueError(f"low ({self.low:g}) must be smaller than high ({self.high:g})")
        return self


class Search(Settings):
    """The hyperparameter search: its seed and the range of each parameter of `model.build`."""

    seed: int
    space: dict[str, Dimension] = Field(min_length=1)


class Bound(Settings):
    """The range that a metric must lie in, bounds included."""

    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _one_at_least(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("give min, max or both")
        return self

    def __str__(self) -> str:
        ends = [] if self.min is None else [f"at least {self.min:g}"]
        return " and ".join([*ends, *([] if self.max is None else [f"at most {self.max:g}"])])


class Slice(Settings):
    """Held-out rows that meet a condition on their columns, and what the version must reach on them.

    Attributes:
        where: A condition as pandas' `DataFrame.eval` reads it, such as `trip_distance >= 5`.
        metrics: Bounds of metrics on these rows alone.
        worse_than_all: By which share of the deciding metric on all rows it may be worse on these; None for any.
    """

    where: str
    metrics: dict[str, Bound] = {}
    worse_than_all: float | None = Field(default=None, ge=0)


class SliceRows(Settings):
    """From how many rows on a slice is judged, and what becomes of a version with fewer."""

    at_least: int = Field(ge=1)
    otherwise: Literal["skip", "fail"]


class Latency(Settings):
    """Milliseconds that predicting one row, and a batch of a thousand, may take."""

    row_ms: float = Field(gt=0)
    batch_ms: float = Field(gt=0)


class Validation(Settings):
    """What a version must show on the held-out rows and besides.

    Attributes:
        metrics: Bounds of metrics on all held-out rows.
        slices: What it must reach on some of them.
        slice_rows: When a slice is too small to judge.
        predictions: The range of every prediction.
        latency: How long predictions may take.
        required_tags: Tags of the version that must have a value.
        documentation: The file that its training run must hold.
        custom: Bounds of the checks in checks.py, by the names of their functions.
    """

    metrics: dict[str, Bound] = Field(min_length=1)
    slices: dict[str, Slice]
    slice_rows: SliceRows
    predictions: Bound
    latency: Latency
    required_tags: tuple[str, ...]
    documentation: str
    custom: dict[str, Bound]


class Promotion(Settings):
    """When a challenger takes the champion's place.

    Attributes:
        policy: Surely better by the metric, surely not worse by more than the margin, or surely better in money.
        margin: A share of the champion's metric (0.01 is one percent): to be better by, or not to be worse by.
        confidence: How surely: the share of the resamples inside the interval.
        resamples: How often the held-out rows are resampled.
        seed: Makes the comparison repeatable.
    """

    policy: Literal["better", "not_worse", "business"]
    margin: float = Field(ge=0, lt=1)
    confidence: float = Field(gt=0.5, lt=1)
    resamples: int = Field(ge=100, le=100_000)
    seed: int


class ProjectConfig(Settings):
    """All modelling choices of the project; `description` and `limits` are for the card of every model version."""

    description: str = Field(min_length=1)
    limits: str = ""
    problem_type: ProblemType
    label: str
    metric: str
    source: Source
    spine: Spine
    feature_tables: dict[str, FeatureTable]
    lookups: tuple[Lookup, ...]
    split: Split
    search: Search
    validation: Validation
    promotion: Promotion

    @property
    def features(self) -> tuple[str, ...]:
        """The model's columns, in order: the inputs of the spine, then the looked-up features."""
        return (*self.spine.inputs, *(name for lookup in self.lookups for name in lookup.features))

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        known = METRICS[self.problem_type]
        of_slices = [metric for one in self.validation.slices.values() for metric in one.metrics]
        for metric in (self.metric, *self.validation.metrics, *of_slices):
            if metric not in known:
                raise ValueError(f"{metric!r} is no {self.problem_type} metric{did_you_mean(metric, known)}")
        for lookup in self.lookups:
            if lookup.table not in self.feature_tables:
                hint = did_you_mean(lookup.table, self.feature_tables)
                raise ValueError(f"lookups names {lookup.table!r}, which is not in feature_tables{hint}")
            if len(lookup.keys) != len(self.feature_tables[lookup.table].keys):
                raise ValueError(f"the lookup in {lookup.table!r} must give one key for each key of that table")
        if len(set(self.features)) != len(self.features):
            raise ValueError("two inputs or looked-up features have the same name")
        return self


def parse(text: str, where: str = "conf/project.yml") -> ProjectConfig:
    """Parse the text of a configuration file.

    Raises:
        ProjectError: The text is no YAML mapping, a key is missing or unknown, or a value is out of range.
    """
    try:
        return ProjectConfig.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise ProjectError(f"{where} is not valid YAML: {' '.join(str(error).split())}.") from None
    except ValidationError as error:
        raise ProjectError(f"{where}: {_first_problem(error)}.") from None


@cache
def load(path: Path | None = None) -> ProjectConfig:
    """Read the project's configuration, or the file at `path`.

    Raises:
        ProjectError: As `parse`.
    """
    if path is not None:
        return parse(path.read_text(encoding="utf-8"), str(path))
    return parse(resources.files(__package__).joinpath("conf/project.yml").read_text(encoding="utf-8"))


def _first_problem(error: ValidationError) -> str:
    # A misspelt key is reported before the key that is missing because of it.
    problem = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
    path = [str(part) for part in problem["loc"]]
    where = ".".join(path) or "the file"
    if problem["type"] == "extra_forbidden":
        return f"unknown key {where!r}{did_you_mean(path[-1], _known_keys(path[:-1]))}"
    return f"{where}: {problem['msg'].removeprefix('Value error, ')}"


def _known_keys(path: list[str]) -> list[str]:
    """The keys allowed at a path, found by walking the JSON schema of the configuration."""
    schema = ProjectConfig.model_json_schema()
    node: dict[str, Any] = schema
    for part in path:
        node = node.get("properties", {}).get(part) or node.get("additionalProperties") or node.get("items") or {}
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]] if "$ref" in node else node
    return list(node.get("properties", {}))
