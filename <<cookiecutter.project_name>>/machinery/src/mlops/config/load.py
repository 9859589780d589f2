"""Loads and validates project.yml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Self

import yaml
from pydantic import Field, PrivateAttr, ValidationError, ValidationInfo, model_validator

from ..errors import ProjectError, did_you_mean
from ..evaluation.measures import Measures
from ..evaluation.metrics import ProblemType
from ..evaluation.own_metrics import OwnMetric, own_metrics
from .classes import Classes, require_classes_where_needed
from .features import FeatureSet, FeatureTable, Function, Lookup, Spine, is_foreign
from .inference import Inference, require_inference
from .monitoring import Monitoring
from .search import BALANCED, Search, Training
from .serving import Serving
from .slices import try_condition
from .source import Source
from .sources import read_by, require_sources
from .strict import Settings, StrictLoader
from .validation import Promotion, Validation

_OWN = "own_metrics"
Share = Annotated[float, Field(gt=0, lt=0.5)]


class Split(Settings):
    """The split by time: shares of the rows for validation and holdout, and days for which training rows are kept."""

    validation: Share
    holdout: Share
    keep_days: int = Field(ge=1)


class ProjectConfig(Settings):
    """All modelling choices of the project; `description` and `limits` appear on the card of every model version."""

    description: str = Field(min_length=1)
    limits: str = ""
    problem_type: ProblemType
    classes: Classes = ()
    label: str
    metric: str
    sources: dict[str, Source]
    spine: Spine
    feature_tables: dict[str, FeatureTable]
    lookups: tuple[Lookup, ...]
    functions: tuple[Function, ...] = ()
    split: Split
    search: Search
    training: Training = Training()
    validation: Validation
    promotion: Promotion
    monitoring: Monitoring = Monitoring()
    inference: Inference = Inference()
    serving: Serving = Serving()
    _own_metrics: Mapping[str, OwnMetric] = PrivateAttr(default_factory=dict)

    @property
    def measures(self) -> Measures:
        """The metrics that the configuration can name."""
        return Measures(self.problem_type, len(self.classes), own=self._own_metrics)

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
    def spine_sources(self) -> tuple[str, ...]:
        """The sources that `features.spine` takes, in order."""
        return read_by(self.spine, self.sources)

    def table_sources(self, table: str) -> tuple[str, ...]:
        """Return the sources that the function of a feature table takes, in order."""
        return read_by(self.feature_tables[table], self.sources)

    @property
    def lookup_keys(self) -> frozenset[str]:
        """The columns that feature tables are looked up by."""
        return frozenset(key for lookup in self.lookups for key in lookup.keys)

    @property
    def fixed_types(self) -> frozenset[str]:
        """The columns whose types feature tables and functions determine: lookup keys and arguments."""
        return self.lookup_keys | {column for function in self.functions for column in function.inputs.values()}

    @property
    def own_tables(self) -> dict[str, FeatureTable]:
        """The feature tables that the project computes itself."""
        return {name: table for name, table in self.feature_tables.items() if not is_foreign(name)}

    @property
    def features(self) -> tuple[str, ...]:
        """The model's inputs, in order."""
        return self.feature_set.features

    @property
    def request(self) -> tuple[str, ...]:
        """The columns of the spine that are needed to predict a row, its key first."""
        return tuple(dict.fromkeys([self.spine.key, *self.feature_set.request]))

    @model_validator(mode="after")
    def _names_agree(self, info: ValidationInfo) -> Self:
        require_sources(self.sources, self.spine, self.feature_tables)
        require_inference(self.inference, self.spine, self.sources, [*self.request, *self.features])
        require_classes_where_needed(self.problem_type, self.classes)
        self._own_metrics = (info.context or {}).get(_OWN, {})
        known = self.measures.names
        of_slices = [metric for gate in self.validation.slices.values() for metric in gate.metrics]
        for metric in (self.metric, *self.validation.metrics, *of_slices):
            if metric not in known:
                raise ValueError(f"{metric!r} is not a {self.problem_type} metric{did_you_mean(metric, known)}")
        for lookup in self.lookups:
            if lookup.table not in self.feature_tables:
                hint = did_you_mean(lookup.table, self.feature_tables)
                raise ValueError(f"lookups refers to {lookup.table!r}, which is not in feature_tables{hint}")
            if len(lookup.keys) != len(self.feature_tables[lookup.table].keys):
                raise ValueError(f"the lookup in {lookup.table!r} must have one key for each key of that table")
            if len({other.lookback_hours for other in self.lookups if other.table == lookup.table}) > 1:
                raise ValueError(f"all lookups in {lookup.table!r} must have the same lookback_hours")
        if len(set(self.features)) != len(self.features):
            raise ValueError("two inputs, looked-up or computed features have the same name: rename one")
        if self.label in self.features:
            raise ValueError(f"the label {self.label!r} is also an input of the model")
        self._weights_are_no_input()
        self._bounds_decide()
        for name, gate in self.validation.slices.items():
            try_condition(name, gate.where, [*self.request, *self.features, self.label], self.spine.event_time)
        self.monitoring.require_known(
            self.problem_type,
            [*self.request, *self.features],
            self.sources,
            [*self.request, *self.features, self.label],
        )
        self.serving.require_known([*self.request, *self.features])
        self.validation.leakage.require_known(
            [*self.features, *self.request, *(lookup.table for lookup in self.lookups)]
        )
        return self

    def _weights_are_no_input(self) -> None:
        column = self.training.weight_column
        if self.training.weights == BALANCED and self.problem_type == "regression":
            raise ValueError("training.weights: only classes can be balanced: name a column of the spine, or remove it")
        if column in {*self.features, self.label}:
            raise ValueError(f"training.weights: {column!r} is an input of the model or its label: name another column")

    def _bounds_decide(self) -> None:
        """Refuse bounds that no model can meet, or that every model meets."""
        bounds = {f"validation.metrics.{metric}": (metric, bound) for metric, bound in self.validation.metrics.items()}
        for name, gate in self.validation.slices.items():
            bounds |= {f"validation.slices.{name}.metrics.{key}": (key, bound) for key, bound in gate.metrics.items()}
        for where, (metric, bound) in bounds.items():
            if problem := bound.useless(*self.measures.range_of(metric)):
                raise ValueError(f"{where} ({bound}) {problem}")


def parse(text: str, where: str = "project.yml", metrics: ModuleType | None = None) -> ProjectConfig:
    """Parse the text of a configuration file, which can name the metrics that a module defines.

    Raises:
        ProjectError: The text is not a YAML mapping, a key is missing or unknown, or a value is out of range.
    """
    try:
        content = yaml.load(text, Loader=StrictLoader)  # noqa: S506 - based on SafeLoader
        return ProjectConfig.model_validate(content, context={_OWN: own_metrics(metrics)})
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split()).replace('in "<unicode string>", ', "in ")
        raise ProjectError(f"{where} is not valid YAML: {reason}.") from None
    except ValidationError as error:
        raise ProjectError(f"{where}: {_first_problem(error)}.") from None


def load(path: Path, metrics: ModuleType | None = None) -> ProjectConfig:
    """Read a configuration file, which can name the metrics that a module defines.

    Raises:
        ProjectError: As `parse`.
    """
    return parse(path.read_text(encoding="utf-8"), "/".join(path.parts[-2:]), metrics)


def _first_problem(error: ValidationError) -> str:
    # Report a misspelt key before the missing key that it causes.
    problem = min(error.errors(), key=lambda details: details["type"] != "extra_forbidden")
    path = [str(part) for part in problem["loc"]]
    where = ".".join(path)
    if problem["type"] == "extra_forbidden":
        return f"unknown key {where!r}{did_you_mean(path[-1], _known_keys(path[:-1]))}"
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{where}: {message}" if where else message


def _known_keys(path: list[str]) -> list[str]:
    """The keys allowed at a path, found by walking the JSON schema of the configuration."""
    schema = ProjectConfig.model_json_schema()
    node: dict[str, Any] = schema
    for part in path:
        node = node.get("properties", {}).get(part) or node.get("additionalProperties") or node.get("items") or {}
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]] if "$ref" in node else node
    return list(node.get("properties", {}))
