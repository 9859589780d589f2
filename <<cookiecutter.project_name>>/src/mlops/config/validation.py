"""What a version must show to pass, and to become champion."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from .base import Settings


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
    metrics: dict[str, Bound] = Field(default_factory=dict)
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
