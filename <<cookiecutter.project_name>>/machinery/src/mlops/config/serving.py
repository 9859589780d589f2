"""Settings of serving: how a new version gets the traffic of the endpoint."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ..errors import did_you_mean
from .strict import Settings

Percent = Annotated[int, Field(ge=1, le=99)]
_MOST_STEPS = 6  # the record of a rollout is one tag of 1000 characters


class Canary(Settings):
    """A small share of the traffic for the challenger, widened step by step while it is not worse.

    Attributes:
        steps: The challenger's shares of the traffic in percent, in order.
        step_hours: How long each step lasts at least; a whole day sees all hours of the day.
        margin: How much greater the challenger's mean loss may be, as a share of the champion's; 0.05 is five percent.
    """

    steps: tuple[Percent, ...] = Field(default=(5, 25, 50), min_length=1, max_length=_MOST_STEPS)
    step_hours: float = Field(default=24, ge=0)
    margin: float = Field(default=0.05, gt=0, lt=1)

    @model_validator(mode="after")
    def _widens(self) -> Self:
        if any(after <= before for before, after in zip(self.steps, self.steps[1:], strict=False)):
            raise ValueError(f"steps must increase, such as [5, 25, 50], not {list(self.steps)}")
        return self


class AB(Settings):
    """A fixed share of the traffic for the challenger, which is promoted only if it is better.

    Attributes:
        share: The challenger's share in percent.
    """

    share: Percent = 50


class Guardrails(Settings):
    """Shares of the challenger's requests that end a rollout at once if they are also greater than the champion's.

    Attributes:
        max_error_share: Of requests that were not answered, or whose answer cannot be read; None for no bound.
        max_latency_ms: A request that takes longer is slow; None for no bound.
        max_slow_share: Of slow requests; 0.05 bounds the 95th percentile of the latency.
    """

    max_error_share: float | None = Field(default=0.01, gt=0, lt=1)
    max_latency_ms: float | None = Field(default=1000, gt=0)
    max_slow_share: float = Field(default=0.05, gt=0, lt=1)


class Serving(Settings):
    """How a version that beat the champion on held-out rows gets the traffic of the endpoint.

    Attributes:
        rollout: `direct`: all of it at once. `canary`: step by step, promoted if it is not worse by more than the
            margin. `ab`: a fixed share, promoted if it is better. Both compare the versions on requests with labels.
        canary: The steps.
        ab: The share.
        alpha: How often the interval of the difference may miss the true one at any look, however many looks there
            are; also how often the guardrails may end the rollout of a version that keeps them.
        min_requests: Requests with labels that each version needs in each step before their losses are compared.
        max_hours: When a rollout without a result ends, and the champion is kept; waiting for labels counts.
        unit: The column of the request by which callers assign requests to versions, if they do so themselves: requests
            with the same value then count as one observation. None if the endpoint splits the traffic.
        guardrails: What ends a rollout at once.
        features_max_age_hours: A feature table in the online store that lacks new rows may be this old when a version
            is promoted.
        unknown_age_accepted: Why a version is promoted although the online store does not tell how old a feature table
            is in it; by default it is not promoted.
    """

    rollout: Literal["direct", "canary", "ab"] = "direct"
    canary: Canary = Canary()
    ab: AB = AB()
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    min_requests: int = Field(default=200, ge=30)
    max_hours: float = Field(default=336, gt=0)
    unit: str | None = None
    guardrails: Guardrails = Guardrails()
    features_max_age_hours: float = Field(default=48, gt=0)
    unknown_age_accepted: str = ""

    @property
    def steps(self) -> tuple[int, ...]:
        """The challenger's shares of the traffic in percent, in order; none without a comparison."""
        return {"direct": (), "canary": self.canary.steps, "ab": (self.ab.share,)}[self.rollout]

    @property
    def tolerance(self) -> float:
        """The greatest mean loss that is acceptable, as a multiple of the champion's."""
        return 1 + self.canary.margin if self.rollout == "canary" else 1.0

    def require_known(self, columns: Collection[str]) -> None:
        """Make sure that the unit is a column of the inference log.

        Raises:
            ValueError: It is not.
        """
        if self.unit is not None and self.unit not in columns:
            raise ValueError(f"serving.unit: there is no column {self.unit!r}{did_you_mean(self.unit, columns)}")
