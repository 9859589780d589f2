"""Follows the columns from the sources to the model: do they exist, and do their types fit?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from ..config.features import Function, Lookup, is_foreign
from ..config.load import ProjectConfig
from ..errors import did_you_mean
from ..features.computation import is_number
from ..features.uc_function import Definition
from ..training.model_inputs import KINDS, convert, kinds_of

Types = Mapping[str, str]

SPINE = "the frame that features.spine returns"
_VALUES = {"number": [0.0, 1.0], "text": ["a", "b"], "time": ["2000-01-01", "2000-01-02"]}


@dataclass
class Columns:
    """The columns of the spine, looked-up features and results of functions, followed through the configuration.

    Attributes:
        config: The configuration.
        types: The Spark types of the columns that are known so far, by name.
        problems: A sentence for each mistake.
    """

    config: ProjectConfig
    types: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def spine(self, present: Types) -> None:
        """Add the columns of the spine."""
        config = self.config
        label = [] if config.label in present else [config.label]
        for name in (*config.request, *label):
            if name not in present:
                hint = did_you_mean(name, present)
                self.problems.append(f"{SPINE} has no column {name!r}, which project.yml uses{hint}")
        self._require_time(SPINE, config.spine.event_time, present)
        fixed = config.fixed_types
        written = {name: "double" if is_number(kind) else kind for name, kind in present.items()}
        self.types |= {
            name: written[name] if name in config.spine.inputs and name not in fixed else present[name]
            for name in present
        }

    def table(self, name: str, present: Types) -> None:
        """Check the columns of a feature table."""
        table = self.config.feature_tables[name]
        where = f"feature table {name}" if is_foreign(name) else f"the frame that features.{name} returns"
        looked_up = [feature for lookup in self.config.lookups if lookup.table == name for feature in lookup.features]
        for column in dict.fromkeys([*table.primary_keys, *looked_up]):
            if column not in present:
                hint = did_you_mean(column, present)
                self.problems.append(f"{where} has no column {column!r}, which project.yml uses{hint}")
        if table.event_time is not None:
            self._require_time(where, table.event_time, present)

    def lookup(self, step: Lookup, present: Types) -> None:
        """Check the keys of a lookup, and add its features, whose numbers are doubles in tables of the project."""
        for column, key in zip(step.keys, self.config.feature_tables[step.table].keys, strict=True):
            ours, theirs = self.types.get(column), present.get(key)
            if ours and theirs and ours != theirs:
                self.problems.append(
                    f"{column} is {ours}, but the key {key} of {step.table} is {theirs}: "
                    "cast one of them in features.py"
                )
        own = not is_foreign(step.table)
        for feature, output in zip(step.features, step.outputs, strict=True):
            if feature in present:
                kind = present[feature]
                self.types[output] = "double" if own and is_number(kind) else kind

    def function(self, call: Function, definition: Definition) -> None:
        """Check the arguments of an on-demand function, and add its result."""
        for parameter, kind in definition.parameters:
            column = call.inputs[parameter]
            if self.types.get(column, kind) != kind:
                self.problems.append(
                    f"functions.{call.function} takes {parameter} as {kind}, but {column} is {self.types[column]}: "
                    "cast it in features.py, or change the annotation"
                )
        self.types[call.output] = definition.returns

    def inputs(self) -> None:
        """Check whether the model can get each of its inputs."""
        config = self.config
        for name in config.features:
            kind = self.types.get(name)
            if kind is not None and kind not in KINDS:
                self.problems.append(
                    f"the input {name} is {kind}, which a model cannot get: cast it where it is computed, to one of "
                    f"{', '.join(KINDS)}"
                )
            elif (
                name in config.spine.inputs
                and name in config.fixed_types
                and kind not in {"double", "string", "timestamp"}
            ):
                self.problems.append(
                    f"{name} is {kind}, and both an input of the model and a lookup key or an argument of a function: "
                    "let features.spine return a copy under another name as the input"
                )

    def slices(self) -> None:
        """Evaluate the conditions of slices on two rows with the types that the columns have."""
        kinds = kinds_of(
            {name: kind for name, kind in self.types.items() if name in {*self.config.features, *self.config.request}}
        )
        rows = convert(pd.DataFrame({name: _VALUES[kind] for name, kind in kinds.items()}), kinds)
        label: list[Any] = list(self.config.classes[:2]) or [0.0, 1.0]
        unknown = [name for name in self.config.features if name not in self.types]
        for name, data_slice in self.config.validation.slices.items():
            if any(column in data_slice.where for column in unknown):
                continue
            try:
                rows.assign(**{self.config.label: label}).eval(data_slice.where)
            except Exception as error:  # noqa: BLE001 - whatever pandas makes of the text
                text = " ".join(str(error).split())
                self.problems.append(
                    f"validation.slices.{name}.where: {data_slice.where!r} cannot be evaluated ({text})"
                )

    def _require_time(self, where: str, name: str, present: Types) -> None:
        if present.get(name, "timestamp") != "timestamp":
            self.problems.append(
                f"{where} has the event time {name} as {present[name]}, not as timestamp: convert it, and say at what "
                "time of the day, and in which time zone, a row is known"
            )


def follow(
    config: ProjectConfig, spine: Types, tables: Mapping[str, Types], functions: Mapping[str, Definition]
) -> Columns:
    """Follow the columns from the spine through lookups and functions to the model.

    Args:
        config: The configuration.
        spine: The columns of the spine.
        tables: The columns of the feature tables, as far as they are known.
        functions: The definitions of the on-demand functions, by name, as far as they are valid.
    """
    followed = Columns(config)
    followed.spine(spine)
    for name, present in tables.items():
        followed.table(name, present)
    for step in _in_order(config, followed.types):
        if isinstance(step, Lookup):
            followed.lookup(step, tables.get(step.table, {}))
        elif step.function in functions:
            followed.function(step, functions[step.function])
    followed.inputs()
    if not followed.problems:  # they would also break the conditions
        followed.slices()
    return followed


def _in_order(config: ProjectConfig, known: Iterable[str]) -> Iterator[Lookup | Function]:
    """Yield lookups and functions, each after those whose results it uses."""
    there = set(known)
    waiting: list[Lookup | Function] = [*config.lookups, *config.functions]
    while waiting:
        ready = next((step for step in waiting if there.issuperset(_uses(step))), waiting[0])
        waiting.remove(ready)
        there.update(ready.outputs if isinstance(ready, Lookup) else [ready.output])
        yield ready


def _uses(step: Lookup | Function) -> Iterable[str]:
    return step.keys if isinstance(step, Lookup) else step.inputs.values()
