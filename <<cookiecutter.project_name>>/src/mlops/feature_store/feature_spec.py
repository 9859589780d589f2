"""What a packaged model needs to get its inputs again: the lookups and functions of its training set."""

from __future__ import annotations

from collections.abc import Iterator

from ..config.base import Settings
from ..config.features import FeatureTable, Function, Lookup
from ..errors import ProjectError


class TableLookup(Settings):
    """A lookup in the feature table of a three-level name."""

    name: str
    table: FeatureTable
    lookup: Lookup

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns that it needs."""
        return self.lookup.keys

    @property
    def outputs(self) -> tuple[str, ...]:
        """The columns that it adds."""
        return self.lookup.outputs


class FunctionCall(Settings):
    """A call of the version of a function that has this three-level name."""

    name: str
    function: Function

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns that it needs."""
        return tuple(self.function.inputs.values())

    @property
    def outputs(self) -> tuple[str, ...]:
        """The column that it adds."""
        return (self.function.output,)


Step = TableLookup | FunctionCall


class FeatureSpec(Settings):
    """The lookups and functions of a training set.

    Attributes:
        event_time: The column with the time of the prediction.
        request: The columns that a row must bring.
        features: The model's inputs, in order.
        lookups: What is looked up.
        functions: What is computed.
    """

    event_time: str
    request: tuple[str, ...]
    features: tuple[str, ...]
    lookups: tuple[TableLookup, ...]
    functions: tuple[FunctionCall, ...]

    def steps(self, columns: list[str]) -> Iterator[Step]:
        """Yield what is to do for a frame with these columns, each step once its inputs are there.

        A step whose outputs the frame brings is left out: what a row brings counts.

        Raises:
            ProjectError: The frame lacks a column.
        """
        present = set(columns)
        everything: list[Step] = [*self.lookups, *self.functions]
        waiting = [step for step in everything if not present.issuperset(step.outputs)]
        while waiting:
            ready = next((step for step in waiting if present.issuperset(step.inputs)), None)
            if ready is None:
                lacking = sorted({name for step in waiting for name in step.inputs} - present)
                raise ProjectError(f"the rows have no column {', '.join(lacking)}: they have {', '.join(columns)}.")
            yield ready
            waiting.remove(ready)
            present.update(ready.outputs)
