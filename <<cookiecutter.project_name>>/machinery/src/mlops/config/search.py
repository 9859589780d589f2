"""Settings of the training: the weights of the rows, and the range or the choices of each hyperparameter."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Literal, Self

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr, model_validator

from ..errors import did_you_mean
from .strict import Settings

# Strict, so that 1, 1.0, true and "1" stay what they are in the file.
Choice = StrictBool | StrictInt | StrictFloat | StrictStr | None

_NEEDS = {
    "float": {"low", "high"},
    "int": {"low", "high"},
    "categorical": {"choices"},
    None: {"value"},
}


class Dimension(Settings):
    """What is tried for one hyperparameter: a range of numbers, choices, or a fixed value.

    Attributes:
        type: `float` or `int` for the range from `low` to `high`, bounds included; `categorical` for `choices`; None
            for a fixed `value`.
        low: The least number.
        high: The greatest number.
        log: Whether the numbers are drawn on a logarithmic scale.
        choices: Texts, numbers, true, false or null.
        value: The fixed value.
        when: The parameter is used only if each of these other parameters has one of these values.
    """

    type: Literal["float", "int", "categorical"] | None = None
    low: float | None = None
    high: float | None = None
    log: bool = False
    choices: tuple[Choice, ...] = ()
    value: Choice = None
    when: dict[str, tuple[Choice, ...]] = Field(default_factory=dict)

    @property
    def values(self) -> tuple[Choice, ...]:
        """The values that a condition may name: the choices or the fixed value; none for a range."""
        return self.choices if self.type == "categorical" else (self.value,) if self.type is None else ()

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        fields = self.model_fields_set - {"type", "when"}
        if self.type is None and "value" not in fields:
            raise ValueError("give type (float, int or categorical), or a fixed value")
        kind = self.type or "value"
        needs = _NEEDS[self.type]
        if missing := sorted(needs - fields):
            raise ValueError(f"{kind} needs {' and '.join(missing)}")
        if others := sorted(fields - needs - ({"log"} if self.type in {"float", "int"} else set())):
            raise ValueError(f"{kind} does not take {' and '.join(others)}")
        if self.low is not None and self.high is not None:
            self._range_is_possible(self.low, self.high)
        if len(set(self.choices)) < len(self.choices):
            raise ValueError("choices has the same value twice (1 and true are the same)")
        if self.type == "categorical" and not self.choices:
            raise ValueError("choices is empty")
        return self

    def _range_is_possible(self, low: float, high: float) -> None:
        if not low < high:
            raise ValueError(f"low ({low:g}) must be smaller than high ({high:g})")
        if self.log and low <= 0:
            raise ValueError(f"low ({low:g}) must be greater than 0 on a logarithmic scale")
        if self.type == "int" and not (low.is_integer() and high.is_integer()):
            raise ValueError(f"low ({low:g}) and high ({high:g}) must be whole numbers, or the type float")


class Search(Settings):
    """The hyperparameter search: its seed, and what is tried for each parameter of `model.build`."""

    seed: int
    space: dict[str, Dimension] = Field(min_length=1)

    @property
    def has_choices(self) -> bool:
        """Whether there is more than one set of hyperparameters to try."""
        return any(dimension.low is not None or len(dimension.choices) > 1 for dimension in self.space.values())

    @property
    def order(self) -> tuple[str, ...]:
        """The parameters, each after those that its conditions name."""
        return tuple(
            TopologicalSorter({name: sorted(dimension.when) for name, dimension in self.space.items()}).static_order()
        )

    @model_validator(mode="after")
    def _conditions_can_be_met(self) -> Self:
        for name, dimension in self.space.items():
            for other, values in dimension.when.items():
                self._require_values(f"space.{name}.when.{other}", other, values)
        try:
            _ = self.order
        except CycleError as error:
            raise ValueError(f"the conditions of {' and '.join(dict.fromkeys(error.args[1]))} form a cycle") from None
        return self

    def _require_values(self, where: str, other: str, values: tuple[Choice, ...]) -> None:
        """Refuse a condition on an unknown parameter, or on values that it never has."""
        if other not in self.space:
            raise ValueError(f"{where}: there is no parameter {other!r}{did_you_mean(other, self.space)}")
        known = self.space[other].values
        if not known:
            raise ValueError(f"{where}: {other} is a range, but a condition needs a parameter with choices or a value")
        if not values:
            raise ValueError(f"{where}: list at least one value")
        for value in values:
            if value not in known:
                hint = did_you_mean(str(value), [str(choice) for choice in known])
                raise ValueError(f"{where}: {other} is never {value!r}{hint}")


def is_used(dimension: Dimension, chosen: Mapping[str, Choice]) -> bool:
    """Return whether a parameter is used, given the values of the parameters before it that are used."""
    return all(other in chosen and chosen[other] in values for other, values in dimension.when.items())


BALANCED = "balanced"


class Training(Settings):
    """How the model is fitted.

    Attributes:
        weights: A column of the spine with the weight of each row, or `balanced` to give each class the same total
            weight; None if all rows count the same. Metrics are never weighted.
        memory_gb: How much memory a training may need for its rows, in GB; None for what the machine has left. More
            is refused before anything is read.
    """

    weights: str | None = None
    memory_gb: float | None = Field(default=None, gt=0)

    @property
    def weight_column(self) -> str | None:
        """The column of the spine that holds the weights."""
        return None if self.weights == BALANCED else self.weights
