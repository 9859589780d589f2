"""Settings of the gates: what a version needs to pass validation, and to become champion."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from .leakage import Leakage
from .strict import Settings


class Bound(Settings):
    """The range that a metric must lie in, bounds included."""

    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _one_at_least(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("give min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min ({self.min:g}) is greater than max ({self.max:g})")
        return self

    def useless(self, lowest: float, highest: float) -> str:
        """Return why the bound decides nothing about a value of this range, or ""."""
        low, high = (lowest if self.min is None else self.min), (highest if self.max is None else self.max)
        if low > highest or high < lowest:
            return f"can never be met: the values lie between {lowest:g} and {highest:g}"
        if low <= lowest and high >= highest:
            return f"is always met: the values lie between {lowest:g} and {highest:g}"
        return ""

    def __str__(self) -> str:
        ends = [] if self.min is None else [f"at least {self.min:g}"]
        return " and ".join([*ends, *([] if self.max is None else [f"at most {self.max:g}"])])


class Slice(Settings):
    """Held-out rows that meet a condition, and the performance that the version needs on them.

    Attributes:
        where: A condition for pandas' `DataFrame.eval`, such as `distance >= 5`.
        metrics: Bounds of metrics on these rows alone.
        worse_than_all: How much worse the deciding metric may be on these rows, as a share of its value on all rows;
            None for no limit.
    """

    where: str = Field(min_length=1)
    metrics: dict[str, Bound] = Field(default_factory=dict)
    worse_than_all: float | None = Field(default=None, ge=0)


class SliceRows(Settings):
    """How many rows a slice needs to be checked, and what happens if it has fewer."""

    at_least: int = Field(ge=1)
    otherwise: Literal["skip", "fail"]


class Latency(Settings):
    """How many milliseconds it may take at best to predict one row, and a batch of a thousand rows."""

    row_ms: float = Field(gt=0)
    batch_ms: float = Field(gt=0)


class Validation(Settings):
    """What a version needs to pass validation.

    Attributes:
        metrics: Bounds of metrics on all held-out rows.
        slices: Requirements on slices of them, by name.
        slice_rows: When a slice is too small to be checked.
        predictions: The range that every prediction must lie in.
        latency: How long predictions may take.
        required_tags: Tags of the version that must have a value.
        documentation: The file that its training run must contain.
        custom: Bounds of the checks in checks.py, by the names of their functions.
        leakage: When the version is suspected of target leakage.
    """

    metrics: dict[str, Bound] = Field(min_length=1)
    slices: dict[str, Slice]
    slice_rows: SliceRows
    predictions: Bound
    latency: Latency
    required_tags: tuple[str, ...]
    documentation: str
    custom: dict[str, Bound]
    leakage: Leakage = Field(default_factory=Leakage)


class AtLeast(Settings):
    """How much evidence a comparison needs; with less, no challenger is promoted.

    Attributes:
        rows: Held-out rows.
        blocks: Blocks of time that they cover.
        cases: Held-out rows of each class, for classification.
    """

    rows: int = Field(default=100, ge=2)
    blocks: int = Field(default=5, ge=2)
    cases: int = Field(default=20, ge=1)


class Promotion(Settings):
    """When a challenger replaces the champion.

    Attributes:
        policy: What must be shown with this confidence. `better`: the challenger's metric is better by more than the
            margin. `not_worse`: its metric is not worse by more than the margin. `business`: its business value is
            greater by more than the margin.
        margin: A share of the champion's metric or business value; 0.01 is one percent.
        confidence: How often the confidence interval contains the true gain; all challenges of one champion on
            overlapping rows share it (`promotion.error_budget`).
        resamples: How often blocks of held-out rows are resampled.
        seed: Makes the comparison repeatable.
        block_hours: The length of a block of time; None derives it from the event times (`evaluation.blocks`).
        at_least: How much evidence a comparison needs.
    """

    policy: Literal["better", "not_worse", "business"]
    margin: float = Field(ge=0, lt=1)
    confidence: float = Field(gt=0.5, lt=1)
    resamples: int = Field(ge=100, le=100_000)
    seed: int
    block_hours: float | None = Field(default=None, gt=0)
    at_least: AtLeast = AtLeast()
