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


class Rule(Settings):
    """One rule of the data contract; `fail` stops the features job before it writes, `warn` is only logged."""

    severity: Literal["warn", "fail"] = "fail"


class Nulls(Rule):
    """At most this share of the rows has no value (null or NaN) in the column."""

    rule: Literal["nulls"]
    column: str
    at_most: float = Field(default=0, ge=0, le=1)


class Range(Rule):
    """The values of the column lie in the range, bounds included, but for at most this share of them."""

    rule: Literal["range"]
    column: str
    min: float | None = None
    max: float | None = None
    at_most: float = Field(default=0, ge=0, le=1)

    @model_validator(mode="after")
    def _one_at_least(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("give min, max or both")
        return self


class Allowed(Rule):
    """The values of the column are among these, but for at most this share of them."""

    rule: Literal["allowed"]
    column: str
    values: tuple[str | int | float | bool, ...] = Field(min_length=1)
    at_most: float = Field(default=0, ge=0, le=1)


class Unique(Rule):
    """No two rows have the same values in these columns, but for at most this share of the rows."""

    rule: Literal["unique"]
    columns: tuple[str, ...] = Field(min_length=1)
    at_most: float = Field(default=0, ge=0, le=1)


class Fresh(Rule):
    """The newest time in the column is at most so many hours old."""

    rule: Literal["fresh"]
    column: str
    hours: float = Field(gt=0)


AnyRule = Annotated[Nulls | Range | Allowed | Unique | Fresh, Field(discriminator="rule")]


class Source(Settings):
    """The contract with the source table.

    Attributes:
        columns: The columns that the project reads, with their Spark types.
        keys: The columns that tell a person which row is meant, when a rule is broken.
        rules: What their values must be like.
    """

    columns: dict[str, ColumnType] = Field(min_length=1)
    keys: tuple[str, ...] = Field(min_length=1)
    rules: tuple[AnyRule, ...] = ()

    @model_validator(mode="after")
    def _columns_are_known(self) -> Self:
        named = [one for rule in self.rules for one in getattr(rule, "columns", None) or (getattr(rule, "column", ""),)]
        for column in (*self.keys, *named):
            if column not in self.columns:
                raise ValueError(f"{column!r} is not among the columns{did_you_mean(column, self.columns)}")
        return self


class Spine(Settings):
    """The columns of `features.spine`: row key, time of the prediction, model inputs known with the request."""

    key: str
    event_time: str
    inputs: tuple[str, ...]


class Increment(Settings):
    """How the rows of a feature table depend on the times of the source, so that a run computes only what is new.

    Attributes:
        source_time: The column of the source with the time from which on a row counts.
        window_hours: How far back from its own time a feature row looks into the source.
        late_hours: How long after its time a row of the source may still arrive.
        past_changed: What happens when older rows came or went: compute everything again, or only say so.
    """

    source_time: str
    window_hours: float = Field(ge=0)
    late_hours: float = Field(ge=0)
    past_changed: Literal["recompute", "warn"] = "recompute"


class FeatureTable(Settings):
    """One feature table, computed by the function of the same name in features.py.

    Attributes:
        keys: What identifies a row, besides its time.
        event_time: From when on a row is valid; None if its features never change.
        increment: How it is computed bit by bit; None to compute it whole each time.
    """

    keys: tuple[str, ...] = Field(min_length=1)
    event_time: str | None = None
    increment: Increment | None = None

    @property
    def primary_keys(self) -> tuple[str, ...]:
        """What is unique in the table: the keys and the time."""
        return self.keys if self.event_time is None else (*self.keys, self.event_time)

    @model_validator(mode="after")
    def _increments_have_times(self) -> Self:
        if self.increment is not None and self.event_time is None:
            raise ValueError("a table without event_time is computed whole: remove increment, or give event_time")
        return self


class Lookup(Settings):
    """Features that are looked up in a feature table.

    Attributes:
        table: The feature table.
        keys: The columns, of the spine or computed by a function, that hold the table's keys, in their order.
        features: Which features to take.
        rename: New names of some of them.
        lookback_hours: How old they may be, bound included; None for any age.
    """

    table: str
    keys: tuple[str, ...] = Field(min_length=1)
    features: tuple[str, ...] = Field(min_length=1)
    rename: dict[str, str] = {}
    lookback_hours: float | None = Field(default=None, gt=0)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names that the features have for the model."""
        return tuple(self.rename.get(name, name) for name in self.features)

    @model_validator(mode="after")
    def _renames_what_is_taken(self) -> Self:
        for name in self.rename:
            if name not in self.features:
                raise ValueError(f"rename names {name!r}, which is not in features{did_you_mean(name, self.features)}")
        return self


class Function(Settings):
    """A feature computed on demand by a function of functions.py: in training, in a batch, and for a single request.

    Attributes:
        function: Name of the function.
        inputs: The column that each of its parameters gets.
        output: Name of the feature.
    """

    function: str
    inputs: dict[str, str] = Field(min_length=1)
    output: str


class FeatureSet(Settings):
    """Where the inputs of a model come from.

    Attributes:
        event_time: The column of the spine with the time of the prediction.
        inputs: The columns of the spine that the model gets as they are.
        lookups: What is looked up in feature tables as of that time.
        functions: What is computed on demand, from all of these.
    """

    event_time: str
    inputs: tuple[str, ...]
    lookups: tuple[Lookup, ...] = ()
    functions: tuple[Function, ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        """The model's inputs, in order: columns of the spine, looked-up features, computed features."""
        looked_up = (name for lookup in self.lookups for name in lookup.outputs)
        return (*self.inputs, *looked_up, *(one.output for one in self.functions))

    @property
    def request(self) -> tuple[str, ...]:
        """The columns that a row to predict must have: time, inputs, and keys and arguments that nothing else makes."""
        used = [self.event_time, *(key for lookup in self.lookups for key in lookup.keys)]
        used += [column for one in self.functions for column in one.inputs.values()]
        made = set(self.features) - set(self.inputs)
        return tuple(dict.fromkeys([*(name for name in used if name not in made), *self.inputs]))


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
    functions: tuple[Function, ...] = ()
    split: Split
    search: Search
    validation: Validation
    promotion: Promotion

    @property
    def feature_set(self) -> FeatureSet:
        """Where the model's inputs come from."""
        return FeatureSet(
            event_time=self.spine.event_time,
            inputs=self.spine.inputs,
            lookups=self.lookups,
            functions=self.functions,
        )

    @property
    def features(self) -> tuple[str, ...]:
        """The model's inputs, in order."""
        return self.feature_set.features

    @property
    def request(self) -> tuple[str, ...]:
        """The columns of the spine that predicting a row takes, its key first."""
        return tuple(dict.fromkeys([self.spine.key, *self.feature_set.request]))

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
            if len({other.lookback_hours for other in self.lookups if other.table == lookup.table}) > 1:
                raise ValueError(f"all lookups in {lookup.table!r} must have the same lookback_hours")
        if len(set(self.features)) != len(self.features):
            raise ValueError("two inputs, looked-up or computed features have the same name: rename one")
        if self.label in self.features:
            raise ValueError(f"the label {self.label!r} is also an input of the model")
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
