"""The feature spec of a packaged model: the lookups and functions that it needs to compute its inputs."""

from __future__ import annotations

from collections.abc import Iterator

from mlops.config.features import FeatureTable, Function, Lookup
from mlops.config.strict import Settings
from mlops.errors import ProjectError


class TableLookup(Settings):
    """A lookup in a feature table, which is given by its three-level name."""

    name: str
    table: FeatureTable
    lookup: Lookup

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns that the lookup needs."""
        return self.lookup.keys

    @property
    def outputs(self) -> tuple[str, ...]:
        """The columns that the lookup adds."""
        return self.lookup.outputs


class FunctionCall(Settings):
    """A call of one version of a function, which is given by its three-level name."""

    name: str
    function: Function

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns that the function needs."""
        return tuple(self.function.inputs.values())

    @property
    def outputs(self) -> tuple[str, ...]:
        """The column that the function adds."""
        return (self.function.output,)


Step = TableLookup | FunctionCall


class FeatureSpec(Settings):
    """The lookups and functions of a training set.

    Attributes:
        event_time: The column with the time of the prediction.
        request: The columns that a row must have.
        features: The model's inputs, in order.
        lookups: The lookups in feature tables.
        functions: The calls of on-demand functions.
    """

    event_time: str
    request: tuple[str, ...]
    features: tuple[str, ...]
    lookups: tuple[TableLookup, ...]
    functions: tuple[FunctionCall, ...]

    def steps(self, columns: list[str]) -> Iterator[Step]:
        """Yield the steps for a frame with these columns, each after the steps that provide its inputs.

        A step is skipped if the frame already has its outputs, so that given values take precedence.

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
                raise ProjectError(
                    f"the rows have no column {', '.join(lacking)}, but only {', '.join(columns)}: add what is missing."
                )
            yield ready
            waiting.remove(ready)
            present.update(ready.outputs)
