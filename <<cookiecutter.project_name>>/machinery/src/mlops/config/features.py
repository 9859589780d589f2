"""Settings of feature tables, lookups and functions, and the model inputs that they produce."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from ..errors import did_you_mean
from .strict import Settings


class Spine(Settings):
    """The columns of `features.spine`: the row key, the time of the prediction, and model inputs known at that time.

    Attributes:
        key: The column that identifies a row.
        event_time: The column with the time of the prediction.
        inputs: The columns that the model gets unchanged.
        sources: The sources that `features.spine` takes, in this order; may be left out if there is only one source.
    """

    key: str
    event_time: str
    inputs: tuple[str, ...]
    sources: tuple[str, ...] = ()


class SourceTimes(Settings):
    """How rows depend on source times, so that a run can compute only what is new.

    Attributes:
        source_time: The column of the source with the time from which a row counts. For several sources, the column of
            each, by the name of the source. A source that is left out is read whole.
        window_hours: How far back from its own time a computed row looks into the source.
        late_hours: How long after its time a source row may still arrive.
    """

    source_time: str | dict[str, str]
    window_hours: float = Field(ge=0)
    late_hours: float = Field(ge=0)

    def times(self, sources: Sequence[str]) -> dict[str, str]:
        """Return the time columns of these sources, by the name of the source."""
        if isinstance(self.source_time, str):
            return dict.fromkeys(sources, self.source_time)
        return {name: self.source_time[name] for name in sources if name in self.source_time}


class Increment(SourceTimes):
    """How feature rows depend on source times, so that a run can compute a feature table incrementally.

    The table is recomputed whenever a source without a time changes.

    Attributes:
        past_changed: What to do when older source rows were added or removed: recompute everything, or only warn.
    """

    past_changed: Literal["recompute", "warn"] = "recompute"


class FeatureTable(Settings):
    """One feature table, computed by the function of the same name in features.py.

    Attributes:
        keys: The columns that identify a row, besides its time.
        event_time: The column with the time from which a row is valid; None if the features never change.
        sources: The sources that the function takes, in this order; may be left out if there is only one source.
        increment: How the table is computed incrementally; None to recompute the whole table in each run.
    """

    keys: tuple[str, ...] = Field(min_length=1)
    event_time: str | None = None
    sources: tuple[str, ...] = ()
    increment: Increment | None = None

    @property
    def primary_keys(self) -> tuple[str, ...]:
        """The columns that together are unique in the table: the keys and the time."""
        return self.keys if self.event_time is None else (*self.keys, self.event_time)

    @model_validator(mode="after")
    def _increments_have_times(self) -> Self:
        if self.increment is not None and self.event_time is None:
            raise ValueError("increment needs event_time: give the table an event_time, or remove increment")
        return self


def is_foreign(table: str) -> bool:
    """Return whether a feature table belongs to another project: its name then has the schema, and maybe the catalog.

    Such a table is read and packaged with the model, but never computed, written or published.
    """
    return "." in table


class Lookup(Settings):
    """Features that are looked up in a feature table.

    Attributes:
        table: The feature table.
        keys: The columns, of the spine or computed by a function, that hold the table's keys, in the table's order.
        features: The features to look up.
        rename: New names for some of them.
        lookback_hours: The maximum age of the features, inclusive; None for no limit.
    """

    table: str
    keys: tuple[str, ...] = Field(min_length=1)
    features: tuple[str, ...] = Field(min_length=1)
    rename: dict[str, str] = Field(default_factory=dict)
    lookback_hours: float | None = Field(default=None, gt=0)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the features as the model sees them."""
        return tuple(self.rename.get(name, name) for name in self.features)

    @model_validator(mode="after")
    def _renames_what_is_taken(self) -> Self:
        for name in self.rename:
            if name not in self.features:
                raise ValueError(f"rename names {name!r}, which is not in features{did_you_mean(name, self.features)}")
        return self


class Function(Settings):
    """An on-demand feature: a function of functions.py computes it in training, in batches, and for single requests.

    Attributes:
        function: Name of the function.
        inputs: The column that is passed to each parameter.
        output: Name of the feature.
    """

    function: str
    inputs: dict[str, str] = Field(min_length=1)
    output: str


class FeatureSet(Settings):
    """Where the inputs of a model come from.

    Attributes:
        event_time: The column of the spine with the time of the prediction.
        inputs: The columns of the spine that the model gets unchanged.
        lookups: The features that are looked up in feature tables as of that time.
        functions: The on-demand features, computed from all of the above.
    """

    event_time: str
    inputs: tuple[str, ...]
    lookups: tuple[Lookup, ...] = ()
    functions: tuple[Function, ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        """The model's inputs, in order: columns of the spine, looked-up features, computed features."""
        looked_up = (name for lookup in self.lookups for name in lookup.outputs)
        return (*self.inputs, *looked_up, *(function.output for function in self.functions))

    @property
    def request(self) -> tuple[str, ...]:
        """The columns that a row must have to be predicted.

        They are the time, the inputs, and those lookup keys and function arguments that are not features themselves.
        """
        used = [self.event_time, *(key for lookup in self.lookups for key in lookup.keys)]
        used += [column for function in self.functions for column in function.inputs.values()]
        derived = set(self.features) - set(self.inputs)
        return tuple(dict.fromkeys([*(name for name in used if name not in derived), *self.inputs]))
