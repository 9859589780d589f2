"""Feature tables, lookups, functions, and the inputs of a model that come of them."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from ..errors import did_you_mean
from .base import Settings


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
        increment: How it is computed incrementally; None to compute it whole each time.
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
    rename: dict[str, str] = Field(default_factory=dict)
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
